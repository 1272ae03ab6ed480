#include "component.h"

/* What one call of a stream takes at the most. */
enum { WRITE_BYTES = 4096 };

static answer result;

static answer *fail(string error) {
  result.failed = 1;
  result.error = error;
  return &result;
}

static answer *reply(string data) {
  result.reply.data = data;
  return &result;
}

static answer *read_note(int32_t notes, string title) {
  outcome found, read;
  container_get_data(notes, title.text, title.length, 0, UINT64_MAX, &found);
  if (found.failed) return fail(found.error);
  incoming_value_consume(found.handle, &read);
  return read.failed ? fail(read.error) : reply(read.bytes);
}

/* It is the note of its title from `finish` on. */
static answer *keep_note(int32_t notes, string title, string note) {
  int32_t value = new_outgoing_value();
  outcome body, done;
  outgoing_value_body(value, &body);
  container_write_data(notes, title.text, title.length, value, &done);
  if (done.failed) return fail(done.error);
  written part = {0};
  for (size_t at = 0; at < note.length && !part.failed; at += WRITE_BYTES) {
    size_t left = note.length - at;
    output_stream_write(body.handle, note.text + at, left < WRITE_BYTES ? left : WRITE_BYTES, &part);
  }
  output_stream_drop(body.handle);
  outgoing_value_finish(value, &done);
  return done.failed ? fail(done.error) : reply((string){"kept", 4});
}

answer *handle_message(string subject, headers sent, string data, headers params) {
  (void)subject, (void)sent;
  if (params.count == 0) return fail((string){"the subject names no note", 25});
  string title = params.items[0].value;
  outcome notes;
  get_container("NOTES", 5, &notes);
  if (notes.failed) return fail(notes.error);
  return data.length == 0 ? read_note(notes.handle, title) : keep_note(notes.handle, title, data);
}
