/*
 * Gives an open socket to another process of the same user, and takes one: unix(7), SCM_RIGHTS. Nothing here waits, and
 * nothing belongs to a capture.
 */
#include "addon.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One message: what is told beside the descriptor, filled up with zeros. */
enum { message_bytes = 64 };

union control {
  char bytes[CMSG_SPACE(sizeof(int))];
  struct cmsghdr align;
};

static struct msghdr message_of(struct iovec *part, char *text, union control *control) {
  *part = (struct iovec){.iov_base = text, .iov_len = message_bytes};
  return (struct msghdr){
      .msg_iov = part, .msg_iovlen = 1, .msg_control = control->bytes, .msg_controllen = sizeof control->bytes};
}

/* peerOf(fd): the process at the other end of a Unix socket as this one sees it, if it is of the same user; else 0. */
napi_value peer_of(napi_env env, napi_callback_info info) {
  napi_value argument;
  size_t count = 1;
  int32_t fd = -1;
  napi_get_cb_info(env, info, &count, &argument, NULL, NULL);
  napi_get_value_int32(env, argument, &fd);
  struct ucred peer = {0};
  socklen_t size = sizeof peer;
  bool known = getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
  return number(env, known ? peer.pid : 0);
}

/* sendSocket(through, fd, text): 0, or an errno; EAGAIN where there is no room now. */
napi_value send_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[3];
  size_t count = 3;
  int32_t through = -1, fd = -1;
  char text[message_bytes] = "";
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_int32(env, arguments[0], &through);
  napi_get_value_int32(env, arguments[1], &fd);
  napi_get_value_string_utf8(env, arguments[2], text, sizeof text, NULL);
  struct iovec part;
  union control control = {0};
  struct msghdr message = message_of(&part, text, &control);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof fd);
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  ssize_t sent = sendmsg(through, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
  /* So short a message goes as a whole or not at all; were it ever cut, what follows could not be read. */
  return number(env, sent == message_bytes ? 0 : sent < 0 ? errno : EIO);
}

/* receiveSocket(through, into): the descriptor, its text in `into.text`; -EAGAIN where none has come, -ENOTCONN at the end. */
napi_value receive_socket(napi_env env, napi_callback_info info) {
  napi_value arguments[2], told;
  size_t count = 2;
  int32_t through = -1;
  char text[message_bytes + 1] = "";
  napi_get_cb_info(env, info, &count, arguments, NULL, NULL);
  napi_get_value_int32(env, arguments[0], &through);
  struct iovec part;
  union control control = {0};
  struct msghdr message = message_of(&part, text, &control);
  ssize_t received = recvmsg(through, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  if (received <= 0) return number(env, received == 0 ? -ENOTCONN : -errno);
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  if (header == NULL || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) return number(env, -EBADMSG);
  int fd = -1;
  memcpy(&fd, CMSG_DATA(header), sizeof fd);
  if (received != message_bytes || napi_create_string_utf8(env, text, NAPI_AUTO_LENGTH, &told) != napi_ok ||
      napi_set_named_property(env, arguments[1], "text", told) != napi_ok) {
    close(fd);
    return number(env, -EBADMSG);
  }
  return number(env, fd);
}
