#include "component.h"

static answer result;

static answer *fail(const store_error *error) {
  result.failed = 1;
  if (error->tag == OTHER) result.error = error->other;
  else if (error->tag == ACCESS_DENIED) result.error = (string){"access denied", 13};
  else result.error = (string){"there is no binding VISITS", 26};
  return &result;
}

/* The decimal digits of a number. */
static string digits(int64_t number) {
  static char text[20];
  size_t at = sizeof text;
  do {
    text[--at] = (char)('0' + number % 10);
    number /= 10;
  } while (number > 0);
  return (string){text + at, sizeof text - at};
}

answer *handle_message(string subject, headers sent, string data, headers params) {
  (void)subject, (void)sent, (void)data;
  if (params.count == 0) {
    result.failed = 1;
    result.error = (string){"the subject names no page", 25};
    return &result;
  }
  opened store;
  store_open("VISITS", 6, &store);
  if (store.failed) return fail(&store.error);
  string page = params.items[0].value;
  incremented visits;
  store_increment(store.bucket, page.text, page.length, 1, &visits);
  if (visits.failed) return fail(&visits.error);
  result.reply.data = digits(visits.value);
  return &result;
}
