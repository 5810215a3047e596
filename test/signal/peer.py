"""Numbers of one waveform by programs that are not ours: pqopen-lib (IEC 61000-4-30 in Python) and plain numpy.

Reads a job as JSON on standard input: {"file": float64 volts, "rate", "nominal", "what", ...}; prints JSON.
"""

import json
import sys

import numpy as np
from pqopen import powerquality as pq
from pqopen.zcd import ZeroCrossDetector


def rising_crossings(x, job):
    """Rising zero crossings, in samples, as pqopen-lib finds them."""
    return ZeroCrossDetector(f_cutoff=job["nominal"], threshold=1.0, samplerate=job["rate"]).process(x)


def least_half_cycle_rms(x, job):
    """Least Urms(1/2): cycles from the crossings that the generator knows (phase 0 at sample 0), each sample split where a cycle begins in it."""
    cycle = job["rate"] / job["hz"]
    sums = np.concatenate([[0.0], np.cumsum(x * x)])
    edges = np.arange(len(sums)) - 0.5
    starts = np.arange(1, int(2 * len(x) / cycle) - 3) * cycle / 2
    energy = np.interp(starts + cycle, edges, sums) - np.interp(starts, edges, sums)
    return float(np.sqrt(energy.min() / cycle))


def spectrum(x, job):
    """Mean over 15 windows of the subgroups, interharmonic subgroups and THD."""
    cycles = job["cycles"]
    crossings = rising_crossings(x, job)[5:]
    orders, between, thd, rms = [], [], [], []
    for k in range(0, 15 * cycles, cycles):
        window = x[int(round(crossings[k])) : int(round(crossings[k + cycles]))]
        rms.append(float(np.sqrt(np.mean(window * window))))
        fft = pq.resample_and_fft(window, 2**14)
        harmonics, _ = pq.calc_harmonics(fft, cycles, 50)
        orders.append(harmonics[1:])
        thd.append(pq.calc_thd(harmonics, max_harmonic=job["highest"]))
        between.append(pq.calc_interharmonics(fft, cycles, 40))
    return {
        "orders": np.sqrt(np.mean(np.square(orders), axis=0)).tolist(),
        "between": np.sqrt(np.mean(np.square(between), axis=0)).tolist(),
        "thd": float(np.mean(thd)),
        "rms": rms,
    }


def frequency(x, job):
    """Whole cycles over their time, over the whole waveform."""
    crossings = rising_crossings(x, job)[20:]
    return float((len(crossings) - 1) * job["rate"] / (crossings[-1] - crossings[0]))


def pst(x, job):
    """Pst of the last `seconds`; pqopen-lib has the lamp of 230 V only."""
    rate, nominal = job["rate"], job["nominal"]
    half = int(rate / nominal / 2)
    meter = pq.VoltageFluctuation(rate, nominal_volt=job["volts"], nominal_freq=nominal)
    block = 20 * half
    for start in range(0, len(x) - block + 1, block):
        raw = x[start : start + block]
        rms = np.sqrt(np.mean(raw.reshape(-1, half) ** 2, axis=1))
        meter.process(start, rms, raw)
    return float(meter.calc_pst(int(len(x) - job["seconds"] * rate), len(x)))


def main():
    job = json.load(sys.stdin)
    x = np.fromfile(job["file"], dtype=np.float64)
    print(json.dumps(globals()[job["what"]](x, job)))


main()
