/* Generated from plugins/sdk/abi.ts by `npm run abi`. Do not edit. */
#ifndef MAKAI_ABI_H
#define MAKAI_ABI_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MAKAI_ASSERT(condition, text) static_assert(condition, text)
#define MAKAI_EXTERN_C extern "C"
#else
#define MAKAI_ASSERT(condition, text) _Static_assert(condition, text)
#define MAKAI_EXTERN_C
#endif

#define MAKAI_ABI_VERSION 2
#define MAKAI_BATCH_BYTES 65536
/* What makai_read_box may write: the record and up to 64 bytes of the location. */
#define MAKAI_BOX_INFO_BYTES 96

#define MAKAI_TRIGGER_FREQUENCY_SAG 1
#define MAKAI_TRIGGER_FREQUENCY_SWELL 2
#define MAKAI_TRIGGER_VOLTAGE_SAG 3
#define MAKAI_TRIGGER_VOLTAGE_SWELL 4
#define MAKAI_TRIGGER_OTHER 5

#define MAKAI_SETTING_NUMBER 1
#define MAKAI_SETTING_FLAG 2
#define MAKAI_SETTING_TEXT 3
#define MAKAI_SETTING_LIST 4
#define MAKAI_SETTING_OBJECT 5
#define MAKAI_SETTING_NULL 6

#define MAKAI_QUANTITY_VOLTAGE 1
#define MAKAI_QUANTITY_FREQUENCY 2
#define MAKAI_QUANTITY_THD 3
#define MAKAI_QUANTITY_TRANSIENT 4
#define MAKAI_QUANTITY_HEALTH 5

#define MAKAI_HISTORY_MEASUREMENT 1
#define MAKAI_HISTORY_TREND 2

#define MAKAI_LOG_DEBUG 0
#define MAKAI_LOG_INFO 1
#define MAKAI_LOG_WARN 2
#define MAKAI_LOG_ERROR 3

/* One measurement of one box. */
typedef struct makai_measurement {
  /* Unix milliseconds UTC */
  double timestamp_ms;
  /* id of the box */
  uint32_t box_id;
  /* bits 0 to 3: f, rms, thd, trans arrived as infinity or NaN (a dead input) and were left out */
  uint8_t invalid;
  /* 2 or 3: a Box 2 or a Box 3 */
  uint8_t dialect;
  /* bits 0 to 2: measured during a sag, a swell, an interruption, or directly after it: frequency, THD and transient are not reliable */
  uint8_t flags;
  /* always 0 */
  uint8_t reserved;
  /* frequency, Hz: lowest single cycle; NaN = not sent */
  float f_min;
  /* frequency, Hz: mean over the cycles; NaN = not sent */
  float f_average;
  /* frequency, Hz: highest single cycle; NaN = not sent */
  float f_max;
  /* voltage, V RMS: lowest single cycle; NaN = not sent */
  float rms_min;
  /* voltage, V RMS: mean over the cycles; NaN = not sent */
  float rms_average;
  /* voltage, V RMS: highest single cycle; NaN = not sent */
  float rms_max;
  /* total harmonic distortion, a fraction (0.05 = 5 %): lowest single cycle; NaN = not sent */
  float thd_min;
  /* total harmonic distortion, a fraction (0.05 = 5 %): mean over the cycles; NaN = not sent */
  float thd_average;
  /* total harmonic distortion, a fraction (0.05 = 5 %): highest single cycle; NaN = not sent */
  float thd_max;
  /* transient magnitude: lowest single cycle; NaN = not sent */
  float trans_min;
  /* transient magnitude: mean over the cycles; NaN = not sent */
  float trans_average;
  /* transient magnitude: highest single cycle; NaN = not sent */
  float trans_max;
} makai_measurement;
MAKAI_ASSERT(offsetof(makai_measurement, timestamp_ms) == 0, "makai_measurement.timestamp_ms");
MAKAI_ASSERT(offsetof(makai_measurement, box_id) == 8, "makai_measurement.box_id");
MAKAI_ASSERT(offsetof(makai_measurement, invalid) == 12, "makai_measurement.invalid");
MAKAI_ASSERT(offsetof(makai_measurement, dialect) == 13, "makai_measurement.dialect");
MAKAI_ASSERT(offsetof(makai_measurement, flags) == 14, "makai_measurement.flags");
MAKAI_ASSERT(offsetof(makai_measurement, reserved) == 15, "makai_measurement.reserved");
MAKAI_ASSERT(offsetof(makai_measurement, f_min) == 16, "makai_measurement.f_min");
MAKAI_ASSERT(offsetof(makai_measurement, f_average) == 20, "makai_measurement.f_average");
MAKAI_ASSERT(offsetof(makai_measurement, f_max) == 24, "makai_measurement.f_max");
MAKAI_ASSERT(offsetof(makai_measurement, rms_min) == 28, "makai_measurement.rms_min");
MAKAI_ASSERT(offsetof(makai_measurement, rms_average) == 32, "makai_measurement.rms_average");
MAKAI_ASSERT(offsetof(makai_measurement, rms_max) == 36, "makai_measurement.rms_max");
MAKAI_ASSERT(offsetof(makai_measurement, thd_min) == 40, "makai_measurement.thd_min");
MAKAI_ASSERT(offsetof(makai_measurement, thd_average) == 44, "makai_measurement.thd_average");
MAKAI_ASSERT(offsetof(makai_measurement, thd_max) == 48, "makai_measurement.thd_max");
MAKAI_ASSERT(offsetof(makai_measurement, trans_min) == 52, "makai_measurement.trans_min");
MAKAI_ASSERT(offsetof(makai_measurement, trans_average) == 56, "makai_measurement.trans_average");
MAKAI_ASSERT(offsetof(makai_measurement, trans_max) == 60, "makai_measurement.trans_max");
MAKAI_ASSERT(sizeof(makai_measurement) == 64, "makai_measurement");

/* A request for the waveforms of some boxes in a window of time. */
typedef struct makai_event_request {
  /* start of the window, Unix milliseconds UTC */
  double start_ms;
  /* end of the window, Unix milliseconds UTC */
  double end_ms;
  /* largest deviation from the reference, in percent of the reference, positive */
  double percent_magnitude;
  /* address of the box ids, each a u32 */
  uint32_t box_ids;
  /* number of box ids */
  uint32_t box_count;
  /* address of the description, UTF-8 */
  uint32_t description;
  /* length of the description in bytes */
  uint32_t description_bytes;
  /* one of the TRIGGER constants */
  uint8_t trigger_type;
  /* 1: ask for waveforms; 0: store the event without waveforms */
  uint8_t request_data;
  /* 1: an event of its own, without delay; 0: it may wait for requests of other boxes and become one event with them */
  uint8_t urgent;
  /* not read */
  uint8_t reserved0;
  /* if one deviation is requested in several windows: ms from the start of the first window to the start of this one; 0: this is the first or only one */
  uint32_t family_ms;
} makai_event_request;
MAKAI_ASSERT(offsetof(makai_event_request, start_ms) == 0, "makai_event_request.start_ms");
MAKAI_ASSERT(offsetof(makai_event_request, end_ms) == 8, "makai_event_request.end_ms");
MAKAI_ASSERT(offsetof(makai_event_request, percent_magnitude) == 16, "makai_event_request.percent_magnitude");
MAKAI_ASSERT(offsetof(makai_event_request, box_ids) == 24, "makai_event_request.box_ids");
MAKAI_ASSERT(offsetof(makai_event_request, box_count) == 28, "makai_event_request.box_count");
MAKAI_ASSERT(offsetof(makai_event_request, description) == 32, "makai_event_request.description");
MAKAI_ASSERT(offsetof(makai_event_request, description_bytes) == 36, "makai_event_request.description_bytes");
MAKAI_ASSERT(offsetof(makai_event_request, trigger_type) == 40, "makai_event_request.trigger_type");
MAKAI_ASSERT(offsetof(makai_event_request, request_data) == 41, "makai_event_request.request_data");
MAKAI_ASSERT(offsetof(makai_event_request, urgent) == 42, "makai_event_request.urgent");
MAKAI_ASSERT(offsetof(makai_event_request, reserved0) == 43, "makai_event_request.reserved0");
MAKAI_ASSERT(offsetof(makai_event_request, family_ms) == 44, "makai_event_request.family_ms");
MAKAI_ASSERT(sizeof(makai_event_request) == 48, "makai_event_request");

/* Something that the plugin found: stored as an incident. */
typedef struct makai_incident {
  /* Unix milliseconds UTC */
  double start_ms;
  /* Unix milliseconds UTC */
  double end_ms;
  /* the largest deviation, signed, in the unit of the quantity */
  double deviation;
  /* id of the box */
  uint32_t box_id;
  /* address of the class, a name of your own */
  uint32_t class_name;
  /* length of the class in bytes */
  uint32_t class_bytes;
  /* address of the description, UTF-8 */
  uint32_t description;
  /* length of the description in bytes */
  uint32_t description_bytes;
  /* one of the QUANTITY constants */
  uint8_t quantity;
  /* not read */
  uint8_t reserved0;
  /* not read */
  uint16_t reserved1;
} makai_incident;
MAKAI_ASSERT(offsetof(makai_incident, start_ms) == 0, "makai_incident.start_ms");
MAKAI_ASSERT(offsetof(makai_incident, end_ms) == 8, "makai_incident.end_ms");
MAKAI_ASSERT(offsetof(makai_incident, deviation) == 16, "makai_incident.deviation");
MAKAI_ASSERT(offsetof(makai_incident, box_id) == 24, "makai_incident.box_id");
MAKAI_ASSERT(offsetof(makai_incident, class_name) == 28, "makai_incident.class_name");
MAKAI_ASSERT(offsetof(makai_incident, class_bytes) == 32, "makai_incident.class_bytes");
MAKAI_ASSERT(offsetof(makai_incident, description) == 36, "makai_incident.description");
MAKAI_ASSERT(offsetof(makai_incident, description_bytes) == 40, "makai_incident.description_bytes");
MAKAI_ASSERT(offsetof(makai_incident, quantity) == 44, "makai_incident.quantity");
MAKAI_ASSERT(offsetof(makai_incident, reserved0) == 45, "makai_incident.reserved0");
MAKAI_ASSERT(offsetof(makai_incident, reserved1) == 46, "makai_incident.reserved1");
MAKAI_ASSERT(sizeof(makai_incident) == 48, "makai_incident");

/* What is known of a box. Its location, UTF-8, follows. */
typedef struct makai_box_info {
  /* V RMS */
  double nominal_voltage;
  /* Hz */
  double nominal_frequency;
  /* counts per volt; 1 when not known */
  double calibration;
  /* id of the box */
  uint32_t box_id;
  /* length of the location in bytes, at most 64 */
  uint8_t location_bytes;
  /* 1: the store has a record of the box; 0: these are defaults */
  uint8_t recorded;
  /* always 0 */
  uint16_t reserved;
} makai_box_info;
MAKAI_ASSERT(offsetof(makai_box_info, nominal_voltage) == 0, "makai_box_info.nominal_voltage");
MAKAI_ASSERT(offsetof(makai_box_info, nominal_frequency) == 8, "makai_box_info.nominal_frequency");
MAKAI_ASSERT(offsetof(makai_box_info, calibration) == 16, "makai_box_info.calibration");
MAKAI_ASSERT(offsetof(makai_box_info, box_id) == 24, "makai_box_info.box_id");
MAKAI_ASSERT(offsetof(makai_box_info, location_bytes) == 28, "makai_box_info.location_bytes");
MAKAI_ASSERT(offsetof(makai_box_info, recorded) == 29, "makai_box_info.recorded");
MAKAI_ASSERT(offsetof(makai_box_info, reserved) == 30, "makai_box_info.reserved");
MAKAI_ASSERT(sizeof(makai_box_info) == 32, "makai_box_info");

/* The head of one setting. Its path and its text, both UTF-8, follow it. */
typedef struct makai_setting {
  /* the number; 1 or 0 for true or false; for a list or an object how many items it has */
  double value;
  /* bytes up to the next setting, a multiple of 8 */
  uint32_t bytes;
  /* length of the text in bytes */
  uint32_t text_bytes;
  /* length of the path in bytes; a path has the names from the outermost to the innermost, such as limits.0.low */
  uint16_t path_bytes;
  /* one of the SETTING constants */
  uint8_t kind;
  /* always 0; for the plugin to mark what it has read */
  uint8_t read;
  /* always 0 */
  uint32_t reserved;
} makai_setting;
MAKAI_ASSERT(offsetof(makai_setting, value) == 0, "makai_setting.value");
MAKAI_ASSERT(offsetof(makai_setting, bytes) == 8, "makai_setting.bytes");
MAKAI_ASSERT(offsetof(makai_setting, text_bytes) == 12, "makai_setting.text_bytes");
MAKAI_ASSERT(offsetof(makai_setting, path_bytes) == 16, "makai_setting.path_bytes");
MAKAI_ASSERT(offsetof(makai_setting, kind) == 18, "makai_setting.kind");
MAKAI_ASSERT(offsetof(makai_setting, read) == 19, "makai_setting.read");
MAKAI_ASSERT(offsetof(makai_setting, reserved) == 20, "makai_setting.reserved");
MAKAI_ASSERT(sizeof(makai_setting) == 24, "makai_setting");

/* What the host offers. */
#define MAKAI_IMPORT(name) MAKAI_EXTERN_C __attribute__((import_module("makai"), import_name(#name)))
MAKAI_IMPORT(log) void makai_log(int32_t level, const char *text, uint32_t bytes);
MAKAI_IMPORT(now_ms) double makai_now_ms(void);
/* Writes a makai_box_info and the location behind it: MAKAI_BOX_INFO_BYTES at a multiple of 8. */
MAKAI_IMPORT(box) void makai_read_box(uint32_t box_id, void *to);
/* The lowest recorded id above `after` (begin with -1); -1: there is none. */
MAKAI_IMPORT(next_box) int32_t makai_next_box(int32_t after);
/* In makai_configure: asks for what is stored of a box. 1: makai_history will be called with it; 0: it will not. */
MAKAI_IMPORT(history) int32_t makai_ask_history(uint32_t box_id, double from_ms, double to_ms);
/* Copies what was kept, up to `room` bytes. Returns its length; -1: nothing was kept. */
MAKAI_IMPORT(state_get) int32_t makai_state_get(void *to, uint32_t room);
/* Keeps up to 65536 bytes over restarts. Returns 0; 1: there were too many. */
MAKAI_IMPORT(state_set) int32_t makai_state_set(const void *from, uint32_t bytes);
/* One value of a series; makai_record in makai.h takes a text. */
MAKAI_IMPORT(value) void makai_value(const char *series, uint32_t bytes, uint32_t box_id, double timestamp_ms, double value);
/* Something that was found; makai_found in makai.h takes texts. */
MAKAI_IMPORT(incident) void makai_report(const makai_incident *incident);

/* What a plugin defines, each with MAKAI_EXPORT before it; the linker exports `memory`. */
#define MAKAI_EXPORT(name) MAKAI_EXTERN_C __attribute__((export_name(#name)))
MAKAI_EXPORT(makai_abi_version) int32_t makai_abi_version(void);
MAKAI_EXPORT(makai_alloc) void *makai_alloc(uint32_t bytes);
MAKAI_EXPORT(makai_configure) int32_t makai_configure(makai_setting *settings, uint32_t bytes);
MAKAI_EXPORT(makai_process) uint32_t makai_process(const makai_measurement *measurements, uint32_t count);
MAKAI_EXPORT(makai_requests) const makai_event_request *makai_requests(void);
/* Need not be there; called once, last, it returns a number of requests as makai_process does. */
MAKAI_EXPORT(makai_unload) uint32_t makai_unload(void);
/* Need not be there: stored measurements or trends that makai_configure asked for, one of the HISTORY constants. */
MAKAI_EXPORT(makai_history) void makai_history(const makai_measurement *rows, uint32_t count, uint32_t kind);

#endif
