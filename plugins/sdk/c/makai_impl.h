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

/* --- settings: JSON (RFC 8259), read where it lies --- */

#define MAKAI_MAX_DEPTH 64

static const char *makai_space(const char *at, const char *end) {
  while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t')) at++;
  return at;
}

/* Each of these returns where the value ends; NULL: there is none. */

static const char *makai_skip_word(const char *at, const char *end, const char *word) {
  for (; *word != 0; word++, at++)
    if (at >= end || *at != *word) return NULL;
  return at;
}

static const char *makai_skip_string(const char *at, const char *end) {
  if (at >= end || *at != '"') return NULL;
  for (at++; at < end; at++) {
    if (*at == '"') return at + 1;
    if ((unsigned char)*at < 0x20) return NULL;
    if (*at != '\\') continue;
    if (++at >= end) return NULL;
    if (*at == 'u') {
      for (int i = 0; i < 4; i++) {
        if (++at >= end) return NULL;
        char lower = (char)(*at | 0x20);
        if (!((*at >= '0' && *at <= '9') || (lower >= 'a' && lower <= 'f'))) return NULL;
      }
    } else if (*at != '"' && *at != '\\' && *at != '/' && *at != 'b' && *at != 'f' && *at != 'n' && *at != 'r' &&
               *at != 't') {
      return NULL;
    }
  }
  return NULL;
}

static int makai_digit(const char *at, const char *end) { return at < end && *at >= '0' && *at <= '9'; }

/*
 * The value is exact for numbers of up to 15 digits with an exponent of up to 22 tens (two exact doubles, one rounding), and
 * within a few units of the last place for others.
 */
static const char *makai_read_number(const char *at, const char *end, double *value) {
  uint64_t digits = 0;
  int32_t tens = 0;
  int negative = at < end && *at == '-';
  if (negative) at++;
  if (!makai_digit(at, end)) return NULL;
  const char *first = at;
  for (; makai_digit(at, end); at++) {
    if (at > first && *first == '0') return NULL;
    if (digits < UINT64_MAX / 10 - 1) digits = digits * 10 + (uint64_t)(*at - '0');
    else tens++;
  }
  if (at < end && *at == '.') {
    at++;
    if (!makai_digit(at, end)) return NULL;
    for (; makai_digit(at, end); at++) {
      if (digits >= UINT64_MAX / 10 - 1) continue;
      digits = digits * 10 + (uint64_t)(*at - '0');
      tens--;
    }
  }
  if (at < end && (*at == 'e' || *at == 'E')) {
    int below = 0;
    int32_t exponent = 0;
    at++;
    if (at < end && (*at == '-' || *at == '+')) below = *at++ == '-';
    if (!makai_digit(at, end)) return NULL;
    for (; makai_digit(at, end); at++)
      if (exponent < 100000) exponent = exponent * 10 + (*at - '0');
    tens += below ? -exponent : exponent;
  }
  double result = (double)digits;
  double power = 1;
  for (int32_t i = tens < 0 ? -tens : tens; i > 0 && power < 1e22; i--) power *= 10;
  result = tens < 0 ? result / power : result * power;
  for (int32_t i = (tens < 0 ? -tens : tens) - 22; i > 0 && result != 0 && result <= 1.7976931348623157e308; i--)
    result = tens < 0 ? result / 10 : result * 10;
  if (value != NULL) *value = negative ? -result : result;
  return at;
}

static const char *makai_skip_value(const char *at, const char *end, int depth) {
  at = makai_space(at, end);
  if (at >= end) return NULL;
  if (*at == '"') return makai_skip_string(at, end);
  if (*at == 't') return makai_skip_word(at, end, "true");
  if (*at == 'f') return makai_skip_word(at, end, "false");
  if (*at == 'n') return makai_skip_word(at, end, "null");
  if (*at != '{' && *at != '[') return makai_read_number(at, end, NULL);
  char close = *at == '{' ? '}' : ']';
  if (depth >= MAKAI_MAX_DEPTH) return NULL;
  at = makai_space(at + 1, end);
  if (at < end && *at == close) return at + 1;
  for (;;) {
    if (close == '}') {
      at = makai_skip_string(makai_space(at, end), end);
      if (at == NULL) return NULL;
      at = makai_space(at, end);
      if (at >= end || *at++ != ':') return NULL;
    }
    at = makai_skip_value(at, end, depth + 1);
    if (at == NULL) return NULL;
    at = makai_space(at, end);
    if (at >= end) return NULL;
    if (*at == close) return at + 1;
    if (*at++ != ',') return NULL;
  }
}

static void makai_mistake(makai_settings *settings, const char *name, uint32_t bytes, const char *problem) {
  char line[200];
  makai_writer writer = {line, sizeof line, 0};
  makai_put_text(&writer, name, bytes);
  makai_put_text(&writer, ": ", 2);
  makai_put_text(&writer, problem, makai_length(problem));
  makai_log(MAKAI_LOG_ERROR, line, writer.at);
  settings->mistakes++;
}

void makai_settings_open(makai_settings *settings, const char *text, uint32_t bytes) {
  const char *end = text + bytes;
  const char *after = makai_skip_value(text, end, 0);
  settings->text = makai_space(text, end);
  settings->end = end;
  settings->read = 0;
  settings->mistakes = 0;
  if (after != NULL && makai_space(after, end) == end && *settings->text == '{') return;
  makai_mistake(settings, "settings", 8, "not a JSON object");
  settings->text = NULL;
}

typedef struct makai_member {
  uint32_t index;
  const char *name;
  uint32_t name_bytes;
  const char *value;
} makai_member;

/* Goes on to the next member of an object that was found sound; the first one when `member->value` is NULL. */
static int makai_next(const makai_settings *settings, makai_member *member) {
  const char *end = settings->end;
  if (settings->text == NULL) return 0;
  const char *at = member->value == NULL ? settings->text : makai_space(makai_skip_value(member->value, end, 1), end);
  if (*at == '}') return 0;
  at = makai_space(at + 1, end); /* past the brace or the comma */
  if (*at == '}') return 0;
  const char *after = makai_skip_string(at, end);
  member->index = member->value == NULL ? 0 : member->index + 1;
  member->name = at + 1;
  member->name_bytes = (uint32_t)(after - at - 2);
  member->value = makai_space(makai_space(after, end) + 1, end);
  return 1;
}

/* The value of a setting; the last one, if its name comes twice. NULL: there is none. Names with escapes are not found. */
static const char *makai_find(makai_settings *settings, const char *name) {
  const char *value = NULL;
  uint32_t bytes = makai_length(name);
  makai_member member = {0, NULL, 0, NULL};
  while (makai_next(settings, &member)) {
    if (member.name_bytes != bytes || memcmp(member.name, name, bytes) != 0) continue;
    if (member.index < 64) settings->read |= (uint64_t)1 << member.index;
    value = member.value;
  }
  return value;
}

double makai_number(makai_settings *settings, const char *name, double fallback, double least, double greatest) {
  const char *at = makai_find(settings, name);
  double value = 0;
  char problem[100];
  if (at == NULL) return fallback;
  if (*at != '-' && (*at < '0' || *at > '9')) {
    makai_mistake(settings, name, makai_length(name), "must be a number");
    return fallback;
  }
  makai_read_number(at, settings->end, &value);
  if (value >= least && value <= greatest) return value;
  makai_print(problem, sizeof problem, "must be %f to %f", least, greatest);
  makai_mistake(settings, name, makai_length(name), problem);
  return fallback;
}

int makai_flag(makai_settings *settings, const char *name, int fallback) {
  const char *at = makai_find(settings, name);
  if (at == NULL) return fallback;
  if (*at == 't' || *at == 'f') return *at == 't';
  makai_mistake(settings, name, makai_length(name), "must be true or false");
  return fallback;
}

int32_t makai_settings_close(makai_settings *settings) {
  makai_member member = {0, NULL, 0, NULL};
  while (makai_next(settings, &member)) {
    if (member.index < 64 && (settings->read >> member.index & 1) != 0) continue;
    makai_mistake(settings, member.name, member.name_bytes, "no such setting");
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
  makai_record_count++;
  return record;
}

void makai_ask_boxes(makai_event_request *request, const uint32_t *ids, uint32_t count) {
  if (request == NULL) return;
  request->box_ids = (uint32_t)(uintptr_t)ids;
  request->box_count = count;
}

uint32_t makai_asked(void) { return makai_record_count; }

/* --- exports that are the same in every plugin --- */

int32_t makai_abi_version(void) { return MAKAI_ABI_VERSION; }

void *makai_alloc(uint32_t bytes) { return makai_take(bytes); }

const makai_event_request *makai_requests(void) { return makai_records; }

#ifdef __cplusplus
}
#endif
