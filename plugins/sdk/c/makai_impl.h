/* Included by makai.h in the one file that defines MAKAI_IMPLEMENTATION. */
#include <stdarg.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The compiler makes calls of these by itself. */
__attribute__((no_builtin)) void *memcpy(void *to, const void *from, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) ((unsigned char *)to)[i] = ((const unsigned char *)from)[i];
  return to;
}

__attribute__((no_builtin)) void *memmove(void *to, const void *from, size_t bytes) {
  if ((uintptr_t)to <= (uintptr_t)from) return memcpy(to, from, bytes);
  for (size_t i = bytes; i > 0; i--) ((unsigned char *)to)[i - 1] = ((const unsigned char *)from)[i - 1];
  return to;
}

__attribute__((no_builtin)) void *memset(void *to, int value, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) ((unsigned char *)to)[i] = (unsigned char)value;
  return to;
}

__attribute__((no_builtin)) int memcmp(const void *a, const void *b, size_t bytes) {
  for (size_t i = 0; i < bytes; i++) {
    int difference = ((const unsigned char *)a)[i] - ((const unsigned char *)b)[i];
    if (difference != 0) return difference;
  }
  return 0;
}

/* --- memory --- */

#define MAKAI_PAGE 65536u

/* Where the linker's own data ends. */
extern unsigned char __heap_base;
static uintptr_t makai_heap;

void *makai_take(uint32_t bytes) {
  if (makai_heap == 0) makai_heap = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  uintptr_t end = (uintptr_t)__builtin_wasm_memory_size(0) * MAKAI_PAGE;
  if (bytes > UINT32_MAX - 15) return NULL;
  bytes = (bytes + 15) & ~15u;
  if (bytes > end - makai_heap) {
    uint32_t pages = (uint32_t)((bytes - (end - makai_heap) + (uint64_t)MAKAI_PAGE - 1) / MAKAI_PAGE);
    if (__builtin_wasm_memory_grow(0, pages) == (size_t)-1) return NULL;
  }
  void *taken = (void *)makai_heap; /* new memory is zeros */
  makai_heap += bytes;
  return taken;
}

/* --- text --- */

static uint32_t makai_length(const char *text) {
  uint32_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

void makai_say(int32_t level, const char *text) { makai_log(level, text, makai_length(text)); }

typedef struct makai_writer {
  char *to;
  uint32_t room;
  uint32_t at;
} makai_writer;

static void makai_put(makai_writer *writer, char c) {
  if (writer->at + 1 < writer->room) writer->to[writer->at++] = c;
}

static void makai_put_text(makai_writer *writer, const char *text, uint32_t bytes) {
  for (uint32_t i = 0; i < bytes; i++) makai_put(writer, text[i]);
}

static void makai_put_whole(makai_writer *writer, uint64_t value) {
  char digits[20];
  uint32_t count = 0;
  do digits[count++] = (char)('0' + value % 10);
  while ((value /= 10) > 0);
  while (count > 0) makai_put(writer, digits[--count]);
}

static void makai_put_real(makai_writer *writer, double value) {
  if (value != value) return makai_put_text(writer, "nan", 3);
  if (value < 0) makai_put(writer, '-');
  if (value < 0) value = -value;
  if (value >= 1e15) return makai_put_text(writer, "huge", 4);
  uint64_t thousandths = (uint64_t)(value * 1000 + 0.5);
  makai_put_whole(writer, thousandths / 1000);
  makai_put(writer, '.');
  for (uint32_t unit = 100; unit > 0; unit /= 10) makai_put(writer, (char)('0' + thousandths / unit % 10));
}

uint32_t makai_print(char *to, uint32_t room, const char *format, ...) {
  if (room == 0) return 0;
  makai_writer writer = {to, room, 0};
  va_list values;
  va_start(values, format);
  for (; *format != 0; format++) {
    if (*format != '%' || format[1] == 0) {
      makai_put(&writer, *format);
      continue;
    }
    format++;
    if (*format == 's') {
      const char *text = va_arg(values, const char *);
      makai_put_text(&writer, text, makai_length(text));
    } else if (*format == 'u') {
      makai_put_whole(&writer, va_arg(values, unsigned));
    } else if (*format == 'f') {
      makai_put_real(&writer, va_arg(values, double));
    } else {
      makai_put(&writer, *format);
    }
  }
  va_end(values);
  to[writer.at] = 0;
  return writer.at;
}

/* --- settings: the records of the host, read where they lie --- */

static const char *makai_path(const makai_setting *setting) { return (const char *)(setting + 1); }

static makai_setting *makai_next(const makai_settings *settings, makai_setting *setting) {
  unsigned char *next = (unsigned char *)setting + setting->bytes;
  return next < settings->end ? (makai_setting *)(void *)next : NULL;
}

static void makai_mistake(makai_settings *settings, const char *path, uint32_t bytes, const char *problem) {
  char line[200];
  makai_writer writer = {line, sizeof line, 0};
  makai_put_text(&writer, path, bytes);
  makai_put_text(&writer, ": ", 2);
  makai_put_text(&writer, problem, makai_length(problem));
  makai_log(MAKAI_LOG_ERROR, line, writer.at);
  settings->mistakes++;
}

void makai_settings_open(makai_settings *settings, makai_setting *first, uint32_t bytes) {
  settings->first = bytes == 0 ? NULL : first;
  settings->end = (unsigned char *)first + bytes;
  settings->mistakes = 0;
}

/* The setting of a path, marked as read; NULL: there is none. */
static makai_setting *makai_find(makai_settings *settings, const char *path) {
  uint32_t bytes = makai_length(path);
  for (makai_setting *one = settings->first; one != NULL; one = makai_next(settings, one)) {
    if (one->path_bytes != bytes || memcmp(makai_path(one), path, bytes) != 0) continue;
    one->read = 1;
    return one;
  }
  return NULL;
}

/* The same, if it is of this kind; else a mistake is noted. */
static makai_setting *makai_find_kind(makai_settings *settings, const char *path, uint8_t kind, const char *problem) {
  makai_setting *found = makai_find(settings, path);
  if (found == NULL || found->kind == kind) return found;
  makai_mistake(settings, path, makai_length(path), problem);
  return NULL;
}

double makai_number(makai_settings *settings, const char *path, double fallback, double min, double max) {
  makai_setting *found = makai_find_kind(settings, path, MAKAI_SETTING_NUMBER, "must be a number");
  char problem[100];
  if (found == NULL) return fallback;
  if (found->value >= min && found->value <= max) return found->value;
  makai_print(problem, sizeof problem, "must be %f to %f", min, max);
  makai_mistake(settings, path, makai_length(path), problem);
  return fallback;
}

int makai_flag(makai_settings *settings, const char *path, int fallback) {
  makai_setting *found = makai_find_kind(settings, path, MAKAI_SETTING_FLAG, "must be true or false");
  return found == NULL ? fallback : found->value != 0;
}

uint32_t makai_text(makai_settings *settings, const char *path, const char *fallback, char *to, uint32_t room) {
  makai_setting *found = makai_find_kind(settings, path, MAKAI_SETTING_TEXT, "must be text");
  makai_writer writer = {to, room, 0};
  if (room == 0) return 0;
  if (found == NULL) makai_put_text(&writer, fallback, makai_length(fallback));
  else makai_put_text(&writer, makai_path(found) + found->path_bytes, found->text_bytes);
  to[writer.at] = 0;
  return writer.at;
}

uint32_t makai_count(makai_settings *settings, const char *path) {
  makai_setting *found = makai_find_kind(settings, path, MAKAI_SETTING_LIST, "must be a list");
  return found == NULL ? 0 : (uint32_t)found->value;
}

/* Whether `inner` is the path of something in the list or object `outer`. */
static int makai_is_inside(const makai_setting *outer, const makai_setting *inner) {
  const char *path = makai_path(inner);
  return inner->path_bytes > outer->path_bytes && path[outer->path_bytes] == '.' &&
         memcmp(path, makai_path(outer), outer->path_bytes) == 0;
}

static int makai_reads_inside(const makai_settings *settings, makai_setting *outer) {
  for (makai_setting *one = makai_next(settings, outer); one != NULL; one = makai_next(settings, one)) {
    if (!makai_is_inside(outer, one)) return 0;
    if (one->read) return 1;
  }
  return 0;
}

int32_t makai_settings_close(makai_settings *settings) {
  const makai_setting *reported = NULL;
  for (makai_setting *one = settings->first; one != NULL; one = makai_next(settings, one)) {
    if (one->read || (reported != NULL && makai_is_inside(reported, one))) continue;
    if (one->kind == MAKAI_SETTING_OBJECT && makai_reads_inside(settings, one)) continue;
    makai_mistake(settings, makai_path(one), one->path_bytes, "no such setting");
    reported = one;
  }
  return settings->mistakes == 0 ? 0 : 1;
}

/* --- a state for each box: open addressing, twice the room when three quarters are used --- */

/* A slot: the id as uint32_t, a uint32_t that is 1 when it is used, the state. */
static uint32_t makai_slot_bytes(const makai_boxes *boxes) { return 8 + ((boxes->bytes + 7) & ~7u); }

static unsigned char *makai_slot(const makai_boxes *boxes, uint32_t id) {
  uint32_t at = id * 2654435769u;
  at ^= at >> 15;
  for (;; at++) {
    unsigned char *slot = boxes->slots + (size_t)(at & (boxes->room - 1)) * makai_slot_bytes(boxes);
    const uint32_t *head = (const uint32_t *)(void *)slot;
    if (head[1] == 0 || head[0] == id) return slot;
  }
}

/* The old table is not freed; all of them together are no larger than the new one. */
static int makai_grow(makai_boxes *boxes) {
  makai_boxes larger = *boxes;
  uint32_t bytes = makai_slot_bytes(boxes);
  larger.room = boxes->room == 0 ? 64 : 2 * boxes->room;
  if (larger.room > UINT32_MAX / bytes) return 0;
  larger.slots = (unsigned char *)makai_take(larger.room * bytes);
  if (larger.slots == NULL) return 0;
  for (uint32_t i = 0; i < boxes->room; i++) {
    const unsigned char *slot = boxes->slots + (size_t)i * bytes;
    const uint32_t *head = (const uint32_t *)(const void *)slot;
    if (head[1] != 0) memcpy(makai_slot(&larger, head[0]), slot, bytes);
  }
  *boxes = larger;
  return 1;
}

void *makai_box(makai_boxes *boxes, uint32_t id) {
  unsigned char *slot = boxes->room == 0 ? NULL : makai_slot(boxes, id);
  if (slot == NULL || ((uint32_t *)(void *)slot)[1] == 0) {
    /* A new box. Where the table cannot grow it is filled up, but for the one free slot that ends every search. */
    if (4 * (uint64_t)boxes->used >= 3 * (uint64_t)boxes->room && !makai_grow(boxes) && boxes->used + 1 >= boxes->room)
      return NULL;
    slot = makai_slot(boxes, id);
    ((uint32_t *)(void *)slot)[0] = id;
    ((uint32_t *)(void *)slot)[1] = 1;
    boxes->used++;
  }
  return slot + 8;
}

/* --- requests --- */

static makai_event_request makai_records[MAKAI_MAX_REQUESTS];
static uint32_t makai_box_ids[MAKAI_MAX_REQUESTS];
static char makai_texts[MAKAI_TEXT_BYTES];
static uint32_t makai_record_count;
static uint32_t makai_text_bytes;

void makai_begin(void) {
  makai_record_count = 0;
  makai_text_bytes = 0;
}

makai_event_request *makai_ask(double start_ms, double end_ms, uint32_t box_id, uint8_t trigger_type,
                               double percent_magnitude, const char *description) {
  uint32_t bytes = makai_length(description);
  if (makai_record_count >= MAKAI_MAX_REQUESTS || bytes > MAKAI_TEXT_BYTES - makai_text_bytes) {
    makai_say(MAKAI_LOG_WARN, "too many requests in one call: one was left out");
    return NULL;
  }
  char *text = makai_texts + makai_text_bytes;
  memcpy(text, description, bytes);
  makai_text_bytes += bytes;
  makai_box_ids[makai_record_count] = box_id;
  makai_event_request *record = &makai_records[makai_record_count];
  record->start_ms = start_ms;
  record->end_ms = end_ms;
  record->percent_magnitude = percent_magnitude;
  record->box_ids = (uint32_t)(uintptr_t)&makai_box_ids[makai_record_count];
  record->box_count = 1;
  record->description = (uint32_t)(uintptr_t)text;
  record->description_bytes = bytes;
  record->trigger_type = trigger_type;
  record->request_data = 1;
  record->urgent = 0;
  record->reserved0 = 0;
  record->family_ms = 0;
  makai_record_count++;
  return record;
}

void makai_ask_boxes(makai_event_request *request, const uint32_t *ids, uint32_t count) {
  if (request == NULL) return;
  request->box_ids = (uint32_t)(uintptr_t)ids;
  request->box_count = count;
}

uint32_t makai_asked(void) { return makai_record_count; }

/* --- series and incidents --- */

void makai_record(const char *series, uint32_t box_id, double timestamp_ms, double value) {
  makai_value(series, makai_length(series), box_id, timestamp_ms, value);
}

void makai_found(const char *class_name, uint8_t quantity, uint32_t box_id, double start_ms, double end_ms,
                 double deviation, const char *description) {
  makai_incident incident;
  incident.start_ms = start_ms;
  incident.end_ms = end_ms;
  incident.deviation = deviation;
  incident.box_id = box_id;
  incident.class_name = (uint32_t)(uintptr_t)class_name;
  incident.class_bytes = makai_length(class_name);
  incident.description = (uint32_t)(uintptr_t)description;
  incident.description_bytes = makai_length(description);
  incident.quantity = quantity;
  incident.reserved0 = 0;
  incident.reserved1 = 0;
  makai_report(&incident);
}

/* --- exports that are the same in every plugin --- */

int32_t makai_abi_version(void) { return MAKAI_ABI_VERSION; }

void *makai_alloc(uint32_t bytes) { return makai_take(bytes); }

const makai_event_request *makai_requests(void) { return makai_records; }

#ifdef __cplusplus
}
#endif
