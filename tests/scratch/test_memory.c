#include "sim/world.h"
#include "stack/host.h"
#include "stack/link.h"
#include "stack/socket.h"
#include "stack/tcp/tcp.h"
#include "stack/tcp/connection.h"
#include <stdio.h>
#include <stdlib.h>
#include <malloc.h>
#define N 100000
static struct stream *S[2*N]; static unsigned n;
static void ended(void*o){ stream_release(*(struct stream**)o);}
static const struct stream_events sev={.ended=ended}, cev={0};
static void acc(void*o,struct stream*s){ (void)o; S[n]=s; stream_listen(s,&sev,&S[n]); n++;}
static struct interface *add(struct host*h,uint32_t a,int m){ struct interface_config c={.mac={{2,0,0,0,0,(uint8_t)m}},.address=a,.prefix_length=26}; return host_add_interface(h,&c);}
static size_t used(void){ struct mallinfo2 m=mallinfo2(); return m.uordblks+m.hblkhd;}
int main(void){
 struct world*w=world_new(1,0);
 struct host*a=host_new(w,"a",NODE_HOST),*b=host_new(w,"b",NODE_HOST);
 struct interface*ia=add(a,0xc000020a,1),*ib=add(b,0xc000020b,4);
 struct link_config lc={.delay_ns=1000000,.queue_bytes=100000000};
 struct link*l1=link_new(ia,ib,"x",&lc);
 for(int p=0;p<20;p++) tcp_listen(b,(uint16_t)(1000+p),acc,NULL);
 static struct stream*C[N];
 size_t before=used();
 for(int i=0;i<N;i++){ C[i]=tcp_connect(a,(struct endpoint){0xc000020b,(uint16_t)(1000+i%20)},&cev,NULL); if(i%1000==999) engine_run(w->engine,engine_now(w->engine)+1000000000);}
 engine_run(w->engine,TIME_NEVER-1);
 printf("sizeof connection %zu flight %zu stream %zu timer %zu work %zu\n",sizeof(struct tcp_connection),sizeof(struct flight),sizeof(struct stream),sizeof(struct timer),sizeof(struct work));
 printf("accepted %u pool in use %zu\n",n,packet_pool_in_use(w->packets));
 malloc_trim(0); size_t after=used();
 printf("per connection, both ends: %.1f bytes\n",(double)(after-before)/N);
 for(int i=0;i<N;i++) { stream_release(C[i]); if(i%1000==999) engine_run(w->engine,engine_now(w->engine)+10000000);}
 engine_run(w->engine,engine_now(w->engine)+1000000000);
 malloc_trim(0);
 { int k=0,j=0; for(struct tcp_connection*c=host_tcp(a)->first;c;c=c->next)k++; for(struct tcp_connection*c=host_tcp(b)->first;c;c=c->next)j++; printf("left a %d b %d pool %zu\n",k,j,packet_pool_in_use(w->packets)); struct mallinfo2 m=mallinfo2(); printf("arena %zu uord %zu hblkhd %zu fsm %zu ford %zu\n",m.arena,m.uordblks,m.hblkhd,m.fsmblks,m.fordblks);}
 printf("per time-wait: %.1f bytes count %u sizeof %zu\n",(double)(used()-before)/N,host_tcp(a)->flows.count,sizeof(struct time_wait));
 link_free(l1);host_free(a);host_free(b);world_free(w); return 0;}
