/*
 * An APNs-like HTTP/2 server for the benchmarks: sink CERT KEY. Listens on a free port of 127.0.0.1, prints it,
 * and answers every request: 200 with the apns-id it came with, or 410 with a JSON body when the token begins
 * with "bad". One thread; libnghttp2 over OpenSSL. It measures nothing.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <nghttp2/nghttp2.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_STREAMS 1000
#define OUT_BYTES 65536
#define FRAME_ROOM 17000
#define READS_PER_TURN 16

static const char GONE[] = "{\"reason\":\"Unregistered\",\"timestamp\":1700000000000}";
static const char PREFIX[] = "/3/device/";

typedef struct {
  char id[37];
  int gone;
} request;

typedef struct {
  int fd;
  SSL *tls;
  nghttp2_session *session;
  int ready;
  int waits_to_write;
  unsigned char out[OUT_BYTES];
  size_t filled, written;
} connection;

static int poll_fd;

static int on_begin(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)user;
  request *made = calloc(1, sizeof *made);
  if (made == NULL) return NGHTTP2_ERR_CALLBACK_FAILURE;
  return nghttp2_session_set_stream_user_data(session, frame->hd.stream_id, made);
}

static int on_header(nghttp2_session *session, const nghttp2_frame *frame, const uint8_t *name, size_t name_bytes,
                     const uint8_t *value, size_t value_bytes, uint8_t flags, void *user) {
  (void)flags;
  (void)user;
  request *found = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (found == NULL) return 0;
  const size_t prefix = sizeof PREFIX - 1;
  if (name_bytes == 5 && memcmp(name, ":path", 5) == 0) {
    found->gone = value_bytes >= prefix + 3 && memcmp(value + prefix, "bad", 3) == 0;
  } else if (name_bytes == 7 && memcmp(name, "apns-id", 7) == 0 && value_bytes == 36) {
    memcpy(found->id, value, 36);
  }
  return 0;
}

static ssize_t read_gone(nghttp2_session *session, int32_t stream, uint8_t *target, size_t room, uint32_t *flags,
                         nghttp2_data_source *source, void *user) {
  (void)session, (void)stream, (void)source, (void)user;
  if (room < sizeof GONE - 1) return NGHTTP2_ERR_CALLBACK_FAILURE;
  memcpy(target, GONE, sizeof GONE - 1);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  return sizeof GONE - 1;
}

static nghttp2_nv field(const char *name, const char *value) {
  return (nghttp2_nv){(uint8_t *)name, (uint8_t *)value, strlen(name), strlen(value), NGHTTP2_NV_FLAG_NONE};
}

static int on_frame(nghttp2_session *session, const nghttp2_frame *frame, void *user) {
  (void)user;
  if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  if (frame->hd.type != NGHTTP2_DATA && frame->hd.type != NGHTTP2_HEADERS) return 0;
  request *found = nghttp2_session_get_stream_user_data(session, frame->hd.stream_id);
  if (found == NULL) return 0;
  nghttp2_nv fields[] = {field(":status", found->gone ? "410" : "200"), field("apns-id", found->id)};
  nghttp2_data_provider body = {.read_callback = read_gone};
  return nghttp2_submit_response(session, frame->hd.stream_id, fields, 2, found->gone ? &body : NULL);
}

static int on_close(nghttp2_session *session, int32_t stream, uint32_t code, void *user) {
  (void)code, (void)user;
  free(nghttp2_session_get_stream_user_data(session, stream));
  return 0;
}

static void wait_to_write(connection *c, int wanted) {
  if (c->waits_to_write == wanted) return;
  c->waits_to_write = wanted;
  struct epoll_event event = {.events = EPOLLIN | (wanted ? EPOLLOUT : 0), .data.ptr = c};
  epoll_ctl(poll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/* Moves what the session wants to say into the buffer, and the buffer into the socket. */
static int flush(connection *c) {
  for (;;) {
    if (c->written == c->filled) {
      c->written = c->filled = 0;
      while (c->filled < OUT_BYTES - FRAME_ROOM) {
        const uint8_t *bytes;
        ssize_t count = nghttp2_session_mem_send(c->session, &bytes);
        if (count < 0) return -1;
        if (count == 0) break;
        memcpy(c->out + c->filled, bytes, count);
        c->filled += count;
      }
      if (c->filled == 0) {
        wait_to_write(c, 0);
        return 0;
      }
    }
    int count = SSL_write(c->tls, c->out + c->written, c->filled - c->written);
    if (count <= 0) {
      if (SSL_get_error(c->tls, count) != SSL_ERROR_WANT_WRITE) return -1;
      wait_to_write(c, 1);
      return 0;
    }
    c->written += count;
  }
}

static int shake_hands(connection *c) {
  int result = SSL_do_handshake(c->tls);
  if (result == 1) {
    c->ready = 1;
    return flush(c);
  }
  int error = SSL_get_error(c->tls, result);
  return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

static int serve(connection *c) {
  static unsigned char bytes[65536];
  if (!c->ready) {
    if (shake_hands(c) < 0) return -1;
    if (!c->ready) return 0;
  }
  for (int turn = 0; turn < READS_PER_TURN; turn++) {
    int count = SSL_read(c->tls, bytes, sizeof bytes);
    if (count <= 0) {
      if (SSL_get_error(c->tls, count) != SSL_ERROR_WANT_READ) return -1;
      break;
    }
    if (nghttp2_session_mem_recv(c->session, bytes, count) < 0) return -1;
  }
  if (flush(c) < 0) return -1;
  return nghttp2_session_want_read(c->session) || nghttp2_session_want_write(c->session) ? 0 : -1;
}

static void drop(connection *c) {
  epoll_ctl(poll_fd, EPOLL_CTL_DEL, c->fd, NULL);
  nghttp2_session_del(c->session);
  SSL_free(c->tls);
  close(c->fd);
  free(c);
}

static void take(int listener, SSL_CTX *context, const nghttp2_session_callbacks *callbacks) {
  int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
  if (fd < 0) return;
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  connection *c = calloc(1, sizeof *c);
  if (c == NULL) exit(1);
  c->fd = fd;
  c->tls = SSL_new(context);
  SSL_set_fd(c->tls, fd);
  SSL_set_accept_state(c->tls);
  nghttp2_session_server_new(&c->session, callbacks, c);
  nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, MAX_STREAMS}};
  nghttp2_submit_settings(c->session, NGHTTP2_FLAG_NONE, settings, 1);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int choose_h2(SSL *tls, const unsigned char **out, unsigned char *out_bytes, const unsigned char *in,
                     unsigned int in_bytes, void *argument) {
  (void)tls, (void)argument;
  int chosen = nghttp2_select_next_protocol((unsigned char **)out, out_bytes, in, in_bytes);
  return chosen == 1 ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

static SSL_CTX *make_context(const char *cert, const char *key) {
  SSL_CTX *context = SSL_CTX_new(TLS_server_method());
  if (SSL_CTX_use_certificate_chain_file(context, cert) != 1) exit(2);
  if (SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) != 1) exit(2);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_alpn_select_cb(context, choose_h2, NULL);
  return context;
}

static int listen_somewhere(void) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t bytes = sizeof address;
  if (bind(fd, (struct sockaddr *)&address, bytes) != 0 || listen(fd, 128) != 0) exit(3);
  getsockname(fd, (struct sockaddr *)&address, &bytes);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

int main(int count, char **arguments) {
  if (count != 3) return 1;
  signal(SIGPIPE, SIG_IGN);
  SSL_CTX *context = make_context(arguments[1], arguments[2]);
  nghttp2_session_callbacks *callbacks;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, on_begin);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  int listener = listen_somewhere();
  poll_fd = epoll_create1(0);
  struct epoll_event first = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poll_fd, EPOLL_CTL_ADD, listener, &first);
  struct epoll_event events[64];
  for (;;) {
    int ready = epoll_wait(poll_fd, events, 64, -1);
    for (int at = 0; at < ready; at++) {
      connection *c = events[at].data.ptr;
      if (c == NULL) take(listener, context, callbacks);
      else if (serve(c) < 0) drop(c);
    }
  }
}
