/* A connection that can be held: forwards TCP connections to 127.0.0.1:PORT and, while it is holding, keeps back the data of the
 * boxes. So the time that a box spends on its reply (encoding, encryption) is not measured, as if the box were another machine.
 * usage: hold PORT
 * Prints "ready OWN_PORT". A line on stdin: "hold" starts holding; "held" prints the number of held bytes; "go" releases them
 * and everything that follows. Exits at the end of stdin. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 256 * 1024 };

/* One direction of a connection: data that was read from one end and not yet written to the other. */
struct flow {
  int from, to;
  int upward; /* from the box */
  char *bytes;
  size_t start, end, room;
  struct flow *back;
  struct flow *next; /* list of all upward flows */
};

static int poller, holding;
static struct flow *upward;

static void check(int bad, const char *what) {
  if (!bad) return;
  perror(what);
  exit(1);
}

static void quick(int socket) {
  int on = 1;
  setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  fcntl(socket, F_SETFL, O_NONBLOCK);
}

static void hang_up(struct flow *flow) {
  if (flow->from < 0) return;
  close(flow->from);
  close(flow->to);
  flow->from = flow->to = flow->back->from = flow->back->to = -1;
  flow->start = flow->end = flow->back->start = flow->back->end = 0;
}

static void write_out(struct flow *flow) {
  while (flow->start < flow->end && !(flow->upward && holding)) {
    ssize_t count = write(flow->to, flow->bytes + flow->start, flow->end - flow->start);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) return hang_up(flow);
    flow->start += count;
  }
  if (flow->start == flow->end) flow->start = flow->end = 0;
}

static void read_in(struct flow *flow) {
  while (flow->from >= 0) {
    if (flow->room - flow->end < CHUNK) {
      flow->room = 2 * flow->room + CHUNK;
      flow->bytes = realloc(flow->bytes, flow->room);
      check(flow->bytes == NULL, "memory");
    }
    ssize_t count = read(flow->from, flow->bytes + flow->end, CHUNK);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return hang_up(flow);
    flow->end += count;
    write_out(flow);
  }
}

static struct flow *new_flow(int from, int to, int is_upward) {
  struct flow *flow = calloc(1, sizeof *flow);
  check(flow == NULL, "memory");
  flow->from = from;
  flow->to = to;
  flow->upward = is_upward;
  return flow;
}

/* Edge-triggered: a blocked flow continues when its other end becomes writable. */
static void add(int socket, struct flow *flow) {
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = flow};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) != 0, "epoll");
}

static void accept_box(int listener, const struct sockaddr_in *target) {
  int box = accept(listener, NULL, NULL), broker = socket(AF_INET, SOCK_STREAM, 0);
  check(box < 0 || broker < 0, "socket");
  check(connect(broker, (const struct sockaddr *)target, sizeof *target) != 0, "connect");
  quick(box);
  quick(broker);
  struct flow *up = new_flow(box, broker, 1), *down = new_flow(broker, box, 0);
  up->back = down;
  down->back = up;
  up->next = upward;
  upward = up;
  add(box, up);
  add(broker, down);
}

/* Returns 0 at the end of stdin. */
static int read_command(void) {
  char line[64];
  ssize_t count = read(0, line, sizeof line);
  if (count <= 0) return 0;
  if (strncmp(line, "held", 4) == 0) {
    size_t bytes = 0;
    for (struct flow *flow = upward; flow; flow = flow->next) bytes += flow->end - flow->start;
    printf("%zu\n", bytes);
    fflush(stdout);
  } else {
    holding = strncmp(line, "hold", 4) == 0;
    for (struct flow *flow = upward; flow; flow = flow->next) write_out(flow);
  }
  return 1;
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: hold PORT\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  struct sockaddr_in target = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[1]))}, own = {.sin_family = AF_INET};
  target.sin_addr.s_addr = own.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0);
  socklen_t length = sizeof own;
  check(listener < 0 || bind(listener, (struct sockaddr *)&own, length) != 0 || listen(listener, 1024) != 0, "listen");
  getsockname(listener, (struct sockaddr *)&own, &length);
  poller = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listener};
  check(epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) != 0, "epoll");
  event.data.ptr = NULL;
  check(epoll_ctl(poller, EPOLL_CTL_ADD, 0, &event) != 0, "epoll");
  printf("ready %d\n", ntohs(own.sin_port));
  fflush(stdout);
  struct epoll_event events[256];
  for (;;) {
    int count = epoll_wait(poller, events, 256, -1);
    for (int i = 0; i < count; i++) {
      void *what = events[i].data.ptr;
      if (what == NULL && !read_command()) return 0;
      if (what == NULL) continue;
      if (what == &listener) {
        accept_box(listener, &target);
        continue;
      }
      struct flow *flow = what;
      if (events[i].events & EPOLLOUT) write_out(flow->back);
      if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_in(flow);
    }
  }
}
