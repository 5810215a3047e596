/*
 * What a plugin in C or C++ builds on beside the records in makai_abi.h: memory, settings, a state for each box, requests, log lines. It
 * needs no C library. Exactly one file of a plugin has `#define MAKAI_IMPLEMENTATION` before it includes this one.
 * See README.md.
 */
#ifndef MAKAI_H
#define MAKAI_H

#include "makai_abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Memory of zeros that is never freed, at a multiple of 16; NULL when the plugin may have no more. */
void *makai_take(uint32_t bytes);

/* Writes a text that ends with a zero to the daemon's log. `level`: one of the MAKAI_LOG constants. */
void makai_say(int32_t level, const char *text);

/*
 * Writes `format` to `to`, which has `room` bytes: as much as fits, and a zero. %s takes a const char *, %u an unsigned,
 * %f a double (three decimals). Returns the length without the zero.
 */
uint32_t makai_print(char *to, uint32_t room, const char *format, ...);

/*
 * Settings: read each one by its path (names from the outside in: "alpha", "limits.0.low"), then close: that reports every mistake in the
 * log, misspelt names too.
 */
typedef struct makai_settings {
  makai_setting *first;
  unsigned char *end;
  uint32_t mistakes;
} makai_settings;

/* `first` and `bytes` are what makai_configure is given. */
void makai_settings_open(makai_settings *settings, makai_setting *first, uint32_t bytes);
/* Both ends of the range are allowed. */
double makai_number(makai_settings *settings, const char *path, double fallback, double min, double max);
int makai_flag(makai_settings *settings, const char *path, int fallback);
/* Copies the text to `to`, which has `room` bytes: as much as fits, and a zero. Returns the length without the zero. */
uint32_t makai_text(makai_settings *settings, const char *path, const char *fallback, char *to, uint32_t room);
/* How many items a list has: they are "<path>.0", "<path>.1" and so on. 0 when the setting is not there. */
uint32_t makai_count(makai_settings *settings, const char *path);
/* What makai_configure returns: 0, or 1 when something was wrong. */
int32_t makai_settings_close(makai_settings *settings);

/* A state for each box: a table that begins as { sizeof(the state) } and grows. */
typedef struct makai_boxes {
  uint32_t bytes;
  uint32_t used;
  uint32_t room;
  unsigned char *slots;
} makai_boxes;

/* The state of a box, zeros at first; NULL when there is no more memory. Valid until the next call for a box that is new. */
void *makai_box(makai_boxes *boxes, uint32_t id);

/* Most requests of one call, and bytes of all their texts; what is beyond them is left out, with a line in the log. */
#define MAKAI_MAX_REQUESTS 4096
#define MAKAI_TEXT_BYTES 262144

/* Forgets the requests of the call before: first thing in makai_process. */
void makai_begin(void);

/* Asks for the waveform of one box. The text is copied. Returns the record, to change it; NULL: there were too many. */
makai_event_request *makai_ask(double start_ms, double end_ms, uint32_t box_id, uint8_t trigger_type,
                               double percent_magnitude, const char *description);

/* Makes a request one for many boxes. `ids` must stay as they are until the next call. */
void makai_ask_boxes(makai_event_request *request, const uint32_t *ids, uint32_t count);

/* What makai_process returns. */
uint32_t makai_asked(void);

/* One value of a series of your own; a second one of the same box and time replaces the first. */
void makai_record(const char *series, uint32_t box_id, double timestamp_ms, double value);

/* Something that was found. `quantity`: one of the MAKAI_QUANTITY constants; `deviation` in its unit, signed. */
void makai_found(const char *class_name, uint8_t quantity, uint32_t box_id, double start_ms, double end_ms,
                 double deviation, const char *description);

#ifdef __cplusplus
}
#endif

#ifdef MAKAI_IMPLEMENTATION
#include "makai_impl.h"
#endif

#endif
