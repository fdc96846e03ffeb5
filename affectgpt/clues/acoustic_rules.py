"""What counts as an acoustic clue and how much it weighs: norms, thresholds and one table of rules.

Starting values, gates and known failures: the signal-engine specification, 5.2; what differs says why. Change
a constant only with evidence from clips that are not used to report results. In doubt a rule is silent.
"""

from __future__ import annotations

# Norms. Pitch of adult speech, men and women together: Baken & Orlikoff, Clinical Measurement of Speech and
# Voice, 2000, chapter 6. Syllables per second without pauses: Pellegrino, Coupe & Marsico, Language 87, 2011.
# Effort 0 is ordinary speech: EmoDB neutral about 0, RAVDESS neutral 0.35 (specification, 5.2).
USUAL_PITCH_HZ = (85, 255)
USUAL_RATE = {"zh": (5.2, "Mandarin", "普通话"), "en": (6.2, "English", "英语")}  # syllables per second

RATE_NEAR = 0.1  # share of the usual rate within which a rate is not called above or below it

MIN_VOICED_S = 0.3  # of voice, before its pitch is described
HIGH_PITCH_HZ = 300.0
WIDE_ST, MONOTONE_ST = {"zh": 15.0, "en": 12.0}, 6.0  # tones widen Mandarin
MELODY_SYLLABLES = 8  # the range of fewer syllables says nothing about melody
FORCEFUL, PROJECTED, SOFT = 1.6, 0.55, -0.9  # effort index
STRETCH_VOICED_S, STRETCH_TOTAL_S = (
    0.35,
    1.0,
)  # voice in a stretch of speech described alone; such stretches together
STRETCH_PROJECTED, STRETCH_PITCH_HZ = 0.9, 340.0  # a stretch measures less surely than a clip
STRETCH_TRUST = 0.6
SOFT_TRUST, BREATHY_HNR_DB = 0.6, 10.0  # a dull recording seems soft too, a breathy voice is not only dull
TRUST_AT_LIMIT = 0.4  # of an index just past its limit; half a unit further it is trusted fully
OVER_TONE_DB = 27.0  # dynamic from which a voice stands above a melody beside it
NOISE_RAISES = 0.35  # the effort index: what is this near to soft in noise may be soft
FAST_SPS, SLOW_SPS = {"zh": 6.6, "en": 7.0}, 3.6  # slow only with a fitting text: quiet nuclei are missed
FAST_HEARD_SPS = 7.0  # without a fitting text, by the least rate there can be; no other rate is told then
RATE_TALK_S, HEARD_RATE_TALK_S = 0.8, 2.0
NOISY_CLEAR_DB = (
    15.0  # of Voice.clear_db; below it the edges of speech are lost in noise, and it seems faster
)
FAST_IN_NOISE = 1.15  # factor by which speech must then be faster than fast (white noise at 15 dB: 1.09)
CLEAR_DYNAMIC_DB = 20.0  # with less, noise hides whole quiet stretches, and music draws the pitch
HEARD_RATE_TRUST = 0.6
LONG_PAUSE_S, IN_NOISE_S = 0.45, 0.2  # noise hides the faint ends of speech, so there a pause must be longer
NO_PAUSE_TALK_S, NO_PAUSE_SHARE = 3.0, 0.05
UNSTEADY_ST, UNSTEADY_HNR_DB = 2.5, 9.0  # only both together
FINAL_RUN_S, FINAL_GAP_S, FINAL_RISE_ST = 0.15, 0.35, 2.5
FALLING_ST_PER_S, FALLING_TALK_S, FALLING_CORRELATION = -3.0, 1.0, -0.5
BURSTS, BURST_S, BURST_PITCH_HZ = 4, 0.35, 280.0
# Sentences fade by less; see prosody.loudness_step. An 8 dB step of a voice whose syllables differ by 6.4 dB
# is ordered by .81; in 2.5-6 s pieces of eight clips without a step, nothing above 5 dB was found.
LOUDNESS_STEP_DB, LOUDNESS_ORDER = 6.0, 0.8
SIGH_S = 0.5  # a longer breath is like a sigh
NOISY_DB = 15.0  # dynamic of the speech band; below it even its loudness and pauses are not told
TONE_TRUST = 0.7  # with music or hum beside the voice
MIN_TONE_S = 0.2  # of steady tone outside speech
SPANS_TOLD = 3  # in a sentence; the record has all
STILL_SHARE = 0.5  # of a stretch, mean, from which it is one that holds its tones
MOST, THROUGHOUT = 0.75, 0.95  # share of the clip from which spans are called most of it, and all

# fmt: off
# ---- name: unit, contribution (valence, arousal, dominance), strength in good sound, rule
RULES: dict[str, tuple[str, tuple[float, float, float], float, str]] = {
    "pitch_level": ("Hz", (0, 0, 0), 0, "median pitch"),
    "high_pitch": ("Hz", (-0.1, 0.4, -0.2), 0.8, "median pitch > 300 Hz, or > 340 Hz in stretches of speech"),
    "wide_pitch": ("st", (0, 0.3, 0), 0.8, "8-92 % range of pitch > 15 semitones (English: 12)"),
    "monotone": ("st", (-0.15, -0.3, -0.1), 0.8, "8-92 % range of pitch < 6 semitones over >= 8 syllables"),
    "effort": ("index", (0, 0, 0), 0, "spectral tilt of voiced frames, index -0.9 to 0.55"),
    "forceful_voice": ("index", (-0.25, 0.9, 0.6), 1, "spectral tilt of voiced frames, index > 1.6"),
    "tense_voice": ("index", (-0.1, 0.45, 0.3), 1, "spectral tilt of voiced frames, > 0.55 (stretch 0.9)"),
    "soft_voice": ("index", (0, -0.45, -0.2), 1, "spectral tilt of voiced frames, index < -0.9"),
    "speech_rate": ("syllables/s", (0, 0, 0), 0, "syllables per second of speech, pauses taken out"),
    "fast_speech": ("syllables/s", (0, 0.35, 0.1), 0.7, "more than 6.6 (zh), 7.0 (en, or by nuclei / 1.2)"),
    "slow_speech": ("syllables/s", (-0.1, -0.3, -0.15), 0.7, "syllables of the text per second < 3.6"),
    "long_pauses": ("s", (-0.05, -0.15, -0.1), 0.6, "no speech between two stretches of it for >= 0.45 s"),
    "no_pauses": ("s", (0, 0.1, 0.1), 0.4, "pauses below 5 % of more than 3 s of talk"),
    "unsteady_voice": ("st", (-0.15, 0.2, -0.2), 0.4, "pitch off its course by > 2.5 semitones, HNR < 9 dB"),
    "final_rise": ("st", (0, 0.1, -0.1), 0.4, "last voiced run before quiet: last third over first > 2.5 st"),
    "falling_pitch": ("st/s", (-0.05, -0.1, 0), 0.3, "slope of pitch < -3 semitones/s, correlation < -0.5"),
    "loudness_rise": ("dB", (0, 0.3, 0.15), 0.5, "median level of voice, 3 s after over 3 s before: 6 dB"),
    "loudness_fall": ("dB", (0, -0.2, -0.1), 0.5, "median level of voice, 3 s before over 3 s after: 6 dB"),
    "short_bursts": ("bursts", (-0.3, 0.3, -0.4), 0.7, ">= 4 stretches < 0.35 s, median pitch > 280 Hz"),
    "sigh": ("s", (-0.15, -0.15, -0.15), 0.4, "voiceless swell with mouth resonances, >= 0.5 s, not speech"),
    "audible_breath": ("s", (0, 0, 0), 0, "voiceless swell with mouth resonances, >= 0.3 s, not speech"),
    "voice_like_sound": ("%", (0, 0, 0), 0, "energy of well-voiced frames; the speech gate asks for 25 %"),
    "music_like_sound": ("%", (0, 0, 0), 0, "pitch that stands still, > 50 %; or partials that do, > 72 %"),
    "noise": ("dB", (0, 0, 0), 0, "150-4000 Hz: 95th over 10th percentile < 20 dB; 1-5 kHz: voice < 6 dB"),
    "background_tone": ("s", (0, 0, 0), 0, "tones held within 0.3 semitones outside speech, >= 0.2 s"),
    "silence": ("s", (0, 0, 0), 0, "peak below 1e-4 of full scale, or shorter than 0.25 s"),
}
# fmt: on
