/* Readers of a stream of server-sent events, all in one thread: VIEWERS connections ask for PATH and read as fast as they can.
 *
 * usage: viewers PORT PATH VIEWERS
 * Connects to 127.0.0.1, prints "ready" when every connection has had its first bytes. Then for each line on stdin it prints
 * {"viewers":..., "bytes":..., "min_events":...}: connections that are open, bytes of all and events of the connection with the fewest since the line before. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
  long events;
  int heard;
  char last;
} viewer;

static char buffer[1 << 18];

static int open_viewer(int port, const char *path) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  char request[512];
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  int length = snprintf(request, sizeof request,
                        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nAccept: text/event-stream\r\n\r\n", path, port);
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) != 0 || write(fd, request, (size_t)length) != length) {
    perror("viewer");
    exit(1);
  }
  return fd;
}

/* An event ends with an empty line. The service writes whole events, and JSON has no line ends of its own. */
static void count(viewer *v, const char *bytes, ssize_t n) {
  const char *at = bytes, *end = bytes + n;
  if (v->last == '\n' && *at == '\n') v->events++;
  while ((at = memchr(at, '\n', (size_t)(end - at))) != NULL) {
    if (at + 1 < end && at[1] == '\n') v->events++;
    at++;
  }
  v->last = bytes[n - 1];
}

int main(int argc, char **argv) {
  if (argc != 4) {
    fprintf(stderr, "usage: viewers PORT PATH VIEWERS\n");
    return 2;
  }
  int viewers = atoi(argv[3]), open = viewers, heard = 0;
  struct pollfd *fds = calloc((size_t)viewers + 1, sizeof *fds);
  viewer *all = calloc((size_t)viewers, sizeof *all);
  uint64_t bytes = 0;
  for (int i = 0; i < viewers; i++) fds[i] = (struct pollfd){.fd = open_viewer(atoi(argv[1]), argv[2]), .events = POLLIN};
  fds[viewers] = (struct pollfd){.fd = 0, .events = POLLIN};
  for (;;) {
    if (poll(fds, (nfds_t)viewers + 1, -1) < 0) return 1;
    for (int i = 0; i < viewers; i++) {
      if (fds[i].revents == 0) continue;
      ssize_t n = read(fds[i].fd, buffer, sizeof buffer);
      if (n <= 0) {
        close(fds[i].fd);
        fds[i].fd = -1;
        open--;
        continue;
      }
      bytes += (uint64_t)n;
      count(&all[i], buffer, n);
      if (!all[i].heard) {
        all[i].heard = 1;
        if (++heard == viewers) {
          puts("ready");
          fflush(stdout);
        }
      }
    }
    if (fds[viewers].revents == 0) continue;
    if (read(0, buffer, sizeof buffer) <= 0) return 0;
    long min = viewers == 0 ? 0 : all[0].events;
    for (int i = 0; i < viewers; i++) {
      if (all[i].events < min) min = all[i].events;
      all[i].events = 0;
    }
    printf("{\"viewers\":%d,\"bytes\":%llu,\"min_events\":%ld}\n", open, (unsigned long long)bytes, min);
    fflush(stdout);
    bytes = 0;
  }
}
