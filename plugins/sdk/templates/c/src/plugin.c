/* __NAME__: asks for the waveform of a box whose RMS voltage sags below a limit. */
#define MAKAI_IMPLEMENTATION
#include "makai.h"

/* How early the window begins when no good measurement came before the sag, ms. */
#define LEAD_MS 1000

typedef struct {
  double latest_ms;
  /* last measurement that was not below the limit; 0: none */
  double last_good_ms;
  double sag_start_ms;
  /* lowest voltage of the sag, V RMS; 0 while `in_sag` is 0 */
  double lowest_v;
  int in_sag;
} box_state;

static double limit_v;
static double reference_v;
static makai_boxes boxes = {sizeof(box_state), 0, 0, NULL};

int32_t makai_configure(makai_setting *first, uint32_t bytes) {
  makai_settings settings;
  char line[80];
  makai_settings_open(&settings, first, bytes);
  limit_v = makai_number(&settings, "limit_v", 110, 0, 1000);
  reference_v = makai_number(&settings, "reference_v", 120, 1, 1000);
  makai_print(line, sizeof line, "asks for sags below %f V", limit_v);
  makai_say(MAKAI_LOG_INFO, line);
  return makai_settings_close(&settings);
}

static void measurement(const makai_measurement *m) {
  double v = m->rms_min; /* the lowest cycle: a sag of one cycle shows here */
  box_state *box = makai_box(&boxes, m->box_id);
  if (box == NULL || v != v) return; /* NaN: the voltage was not sent */
  if (m->timestamp_ms < box->latest_ms) *box = (box_state){0}; /* its clock was set back: start over */
  box->latest_ms = m->timestamp_ms;
  if (v < limit_v) {
    if (!box->in_sag) {
      box->in_sag = 1;
      box->sag_start_ms = box->last_good_ms > 0 ? box->last_good_ms : m->timestamp_ms - LEAD_MS;
      box->lowest_v = v;
    }
    if (v < box->lowest_v) box->lowest_v = v;
    return;
  }
  if (box->in_sag) {
    char description[80];
    double percent = 100 * (reference_v - box->lowest_v) / reference_v;
    makai_print(description, sizeof description, "__NAME__: sag on box %u", m->box_id);
    makai_ask(box->sag_start_ms, m->timestamp_ms, m->box_id, MAKAI_TRIGGER_VOLTAGE_SAG, percent, description);
  }
  box->in_sag = 0;
  box->last_good_ms = m->timestamp_ms;
}

/* Without measurements it is a tick, about once a second: see makai_now_ms() for the time. */
uint32_t makai_process(const makai_measurement *measurements, uint32_t count) {
  makai_begin();
  for (uint32_t i = 0; i < count; i++) measurement(&measurements[i]);
  return makai_asked();
}
