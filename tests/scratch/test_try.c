#include "tests/wiretest.h"
#include "stack/socket.h"
#include "stack/tcp/tcp.h"
#include <stdio.h>
#include <stdlib.h>
struct side { struct stream *s; uint64_t got; uint64_t to_send; const char *name; int closed; struct wiretest *w; bool server; };
static uint8_t data[100000];
static void pump(struct side *x){ while(x->to_send){ size_t n=x->to_send<sizeof data?x->to_send:sizeof data; size_t w=stream_write(x->s,(struct bytes){data,n},false); x->to_send-=w; if(w<n) return;} stream_shutdown(x->s);}
static void opened(void*o){ struct side*x=o; printf("%s opened\n",x->name); pump(x);}
static void readable(void*o){ struct side*x=o; struct bytes b; while((b=stream_peek(x->s)).length){ x->got+=b.length; stream_consume(x->s,b.length);} if(!x->server) return; }
static void writable(void*o){ pump(o);}
static void ended(void*o){ struct side*x=o; printf("%s ended got %lu\n",x->name,x->got); if(x->server) stream_shutdown(x->s);}
static void closed(void*o){ struct side*x=o; printf("%s closed\n",x->name); x->closed=1;}
static void failed(void*o,enum stream_failure f){ struct side*x=o; printf("%s failed %d\n",x->name,f);}
static const struct stream_events ev={opened,readable,writable,ended,closed,failed};
static void acc(void*o,struct stream*s){ struct side*x=o; x->s=s; printf("accepted\n"); stream_listen(s,&ev,x);}
#include <check.h>
static int c; static char **v;
START_TEST(x){
 uint64_t bytes= c>1?strtoull(v[1],0,0):100000; unsigned loss=c>2?atoi(v[2]):0; int64_t delay=c>3?atoll(v[3]):20; 
 struct wiretest w; wiretest_init(&w,&(struct wiretest_config){.seed=c>4?atoi(v[4]):1,.cable={.delay_ns=delay*500000, .rate_bps=c>5?strtoull(v[5],0,0):1000000000}});
 if(loss){ struct impairment imp={.loss_ppm=loss}; link_impair(w.alice_cable,LINK_A,&imp); link_impair(w.alice_cable,LINK_B,&imp);}
 struct side a={.name="alice",.to_send=bytes,.w=&w},b={.name="bob",.server=1};
 tcp_listen(w.bob,25,acc,&b);
 a.s=tcp_connect(w.alice,(struct endpoint){w.bob_address,25},&ev,&a);
 wiretest_run(&w);
 printf("t=%.6f\n",(double)engine_now(w.world->engine)/1e9);
 const struct tcp_statistics*s=tcp_statistics(host_tcp(w.alice)); printf("alice out %lu in %lu retrans %lu rto %lu fast %lu tlp %lu spur %lu\n",s->segments_out,s->segments_in,s->retransmissions,s->timeouts,s->fast_recoveries,s->tail_probes,s->spurious_recoveries);
 recorder_write_pcap(&w.recorder,w.world,"/tmp/try.pcap");
 wiretest_clear(&w);} END_TEST
int main(int argc,char**argv){c=argc;v=argv; setenv("CK_FORK","no",1); Suite*s=suite_create("x"); TCase*t=tcase_create("x"); tcase_set_timeout(t,0); tcase_add_test(t,x); suite_add_tcase(s,t); SRunner*r=srunner_create(s); srunner_run_all(r,CK_NORMAL); return srunner_ntests_failed(r);}
