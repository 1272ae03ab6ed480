/* A reactor that counts the views of a page in a KV bucket. */
#include "hairspring.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int32_t call(const char *op, const char *args, const char *payload) {
  return hs_call("COUNTERS", 8, op, strlen(op), args, strlen(args), payload, strlen(payload));
}

HS_HANDLER int32_t handle(void) {
  char page[128] = "";
  char args[192];
  char text[64] = "";
  int32_t length = hs_param_read("page", 4, page, sizeof page - 1);
  if (length < 0 || (size_t)length >= sizeof page || strpbrk(page, "\"\\") != NULL) return 1;
  snprintf(args, sizeof args, "[\"%s\"]", page);
  if (call("get", args, "") != 0) return 2;
  if (hs_result_data(text, sizeof text - 1) < 0) text[0] = '\0';
  snprintf(text, sizeof text, "%ld", strtol(text, NULL, 10) + 1);
  if (call("put", args, text) != 0) return 3;
  hs_reply_write(text, strlen(text));
  return 0;
}
