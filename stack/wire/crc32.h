/* CRC-32 of IEEE 802.3 section 3.2.9, the Ethernet frame check sequence. */
#pragma once
#include "sim/bytes.h"

/*
 * Continues `crc` (0 at the start) over `in`; uses carry-less multiplication where the processor
 * has it. The value of "123456789" is 0xcbf43926.
 */
uint32_t crc32_add(uint32_t crc, struct bytes in);

/* The two ways it is done, apart for tests and benchmarks. They give the same values. */
uint32_t crc32_add_by_table(uint32_t crc, struct bytes in);

/* Only where crc32_can_multiply(). */
uint32_t crc32_add_by_multiplication(uint32_t crc, struct bytes in);
bool crc32_can_multiply(void);
