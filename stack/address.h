/* Addresses belong to the pure codecs; this is the name under which the layers above know them. */
#pragma once
#include "stack/wire/address.h"
