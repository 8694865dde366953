#include "sim/world.h"
#include "stack/host.h"
#include "stack/link.h"
#include "stack/socket.h"
#include "stack/tcp/tcp.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
struct side { struct stream *s; uint64_t got; uint64_t to_send; };
static uint8_t data[65536];
static void pump(struct side *x){ while(x->to_send){ size_t n=x->to_send<sizeof data?x->to_send:sizeof data; size_t w=stream_write(x->s,(struct bytes){data,n},false); x->to_send-=w; if(w<n) return;} stream_shutdown(x->s);}
static void opened(void*o){ pump(o);}
static void readable(void*o){ struct side*x=o; struct bytes b; while((b=stream_peek(x->s)).length){ x->got+=b.length; stream_consume(x->s,b.length);} }
static void ended(void*o){ struct side*x=o; stream_shutdown(x->s);}
static void failed(void*o,enum stream_failure f){ (void)o;printf("failed %d\n",f);}
static const struct stream_events ev={opened,readable,opened,ended,NULL,failed};
static void acc(void*o,struct stream*s){ struct side*x=o; x->s=s; stream_listen(s,&ev,x);}
static double now(void){struct timespec t; clock_gettime(CLOCK_MONOTONIC,&t); return (double)t.tv_sec+(double)t.tv_nsec/1e9;}
static struct interface *add(struct host*h,uint32_t a,int m){ struct interface_config c={.mac={{2,0,0,0,0,(uint8_t)m}},.address=a,.prefix_length=26}; return host_add_interface(h,&c);}
int main(int c,char**v){
 uint64_t bytes=c>1?strtoull(v[1],0,0):200000000; int64_t delay=c>2?atoll(v[2]):1000000;
 struct world*w=world_new(1,0);
 struct host*a=host_new(w,"a",NODE_HOST),*g=host_new(w,"g",NODE_ROUTER),*b=host_new(w,"b",NODE_HOST);
 struct interface*ia=add(a,0xc000020a,1),*g1=add(g,0xc0000201,2),*g2=add(g,0xc0000241,3),*ib=add(b,0xc0000246,4);
 struct link_config lc={.delay_ns=delay};
 struct link*l1=link_new(ia,g1,"x",&lc),*l2=link_new(g2,ib,"y",&lc);
 host_add_route(a,0,0,0xc0000201,NULL); host_add_route(b,0,0,0xc0000241,NULL);
 struct side A={.to_send=bytes},B={0};
 tcp_listen(b,25,acc,&B);
 A.s=tcp_connect(a,(struct endpoint){0xc0000246,25},&ev,&A);
 double t=now(); engine_run(w->engine,TIME_NEVER-1); t=now()-t;
 const struct tcp_statistics*s=tcp_statistics(host_tcp(a));
 uint64_t hops=ia->counters.sent_frames+g1->counters.sent_frames+g2->counters.sent_frames+ib->counters.sent_frames;
 printf("got %lu sim %.3fs wall %.3fs out %lu in %lu retr %lu rto %lu events %lu hops %lu  %.2f Mhops/s  %.0f MB/s %.0f ns/segment\n",B.got,(double)engine_now(w->engine)/1e9,t,s->segments_out,s->segments_in,s->retransmissions,s->timeouts,engine_events(w->engine),hops,(double)hops/t/1e6,(double)bytes/t/1e6,t*1e9/(double)(s->segments_out+s->segments_in));
 host_free; link_free(l1);link_free(l2);host_free(a);host_free(g);host_free(b);world_free(w); return 0;}
