/* One direction of an LSTM, and its gradient, for vectors of WIDTH floats and tiles of ROWS rows; included once a kind
   of processor and precision.

   Wants WIDTH, ROWS, TARGET (what the functions are compiled for), REGISTER (the constraint of a vector in a
   register), NAME (which makes the functions' names), and PAIR: whether features, weights and outputs are bfloat16,
   of which two are multiplied and added at a time (AVX512_BF16), or single floats. Sums, gates and memory cells are
   float32 always.

   A tile is ROWS rows by WIDTH units. Its 4 gates are 4 * ROWS accumulators that stay in registers from the
   first input to the new state: no gate is written to memory but those that a gradient will want, and a step reads
   the weights of its units once for ROWS rows. */

typedef float NAME(floats) __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float))));
typedef int NAME(ints) __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float))));
#define FLOATS NAME(floats)
#define INTS NAME(ints)
#define INNER static inline __attribute__((always_inline)) TARGET

INNER FLOATS NAME(all)(float value) { return value - (FLOATS){0}; }

#if PAIR

#define ELEMENT uint16_t
#define AT_ONCE 2

INNER FLOATS NAME(value)(const ELEMENT *x)
{
    int pair;
    memcpy(&pair, x, sizeof pair);
    return (FLOATS)_mm512_set1_epi32(pair);
}

INNER FLOATS NAME(add)(FLOATS sum, FLOATS value, FLOATS weight)
{
    return (FLOATS)_mm512_dpbf16_ps((__m512)sum, (__m512bh)value, (__m512bh)weight);
}

INNER void NAME(put)(ELEMENT *place, FLOATS values)
{
    const __m256bh rounded = _mm512_cvtneps_pbh((__m512)values);
    memcpy(place, &rounded, sizeof rounded);
}

INNER FLOATS NAME(get)(const ELEMENT *place)
{
    return (FLOATS)_mm512_slli_epi32(_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)place)), 16);
}

#else

#define ELEMENT float
#define AT_ONCE 1

INNER FLOATS NAME(value)(const ELEMENT *x) { return NAME(all)(*x); }

INNER FLOATS NAME(add)(FLOATS sum, FLOATS value, FLOATS weight) { return sum + value * weight; }

INNER void NAME(put)(ELEMENT *place, FLOATS values) { *(FLOATS *)place = values; }

INNER FLOATS NAME(get)(const ELEMENT *place) { return *(const FLOATS *)place; }

#endif

/* `exponential` is e to the x, within 2e-7 of it; x is held below 43, so that two of them can be multiplied. */

#if WIDTH == 16

/* 2^n times a polynomial in r, n + r = x / ln 2, that errs by 7.5e-8 of its value at most (by Lawson's iteration). */
INNER FLOATS NAME(exponential)(FLOATS x)
{
    const __m512 y = _mm512_min_ps((__m512)(x * 1.44269504088896341f), _mm512_set1_ps(62.0f));
    const FLOATS r = (FLOATS)_mm512_reduce_ps(y, 0), n = (FLOATS)y - r;
    FLOATS p = NAME(all)(1.3276471874e-3f);
    p = p * r + 9.6755413335e-3f;
    p = p * r + 5.5507132739e-2f;
    p = p * r + 2.4022119724e-1f;
    p = p * r + 6.9314696706e-1f;
    p = p * r + 1.0000000717f;
    return (FLOATS)_mm512_scalef_ps((__m512)p, (__m512)n);
}

/* 14 bits, and a step of Newton's: within 2e-7 of 1 / x. */
INNER FLOATS NAME(inverse)(FLOATS x)
{
    const FLOATS rough = (FLOATS)_mm512_rcp14_ps((__m512)x);
    return rough * (2.0f - x * rough);
}

#else

INNER FLOATS NAME(choose)(INTS mask, FLOATS a, FLOATS b)
{
    return (FLOATS)((mask & (INTS)a) | (~mask & (INTS)b));
}

/* 2^n times a polynomial over half of a power of two (Cephes, expf). */
INNER FLOATS NAME(exponential)(FLOATS x)
{
    const FLOATS low = NAME(all)(-87.0f), high = NAME(all)(43.0f);
    x = NAME(choose)(x < low, low, x);
    x = NAME(choose)(x > high, high, x);
    /* 3 * 2^22: what is added to it is rounded to whole numbers, in the lowest bits. */
    const FLOATS shifted = x * 1.44269504088896341f + 12582912.0f;
    const FLOATS n = shifted - 12582912.0f;
    const FLOATS r = x - n * 0.693359375f + n * 2.12194440e-4f;
    FLOATS p = NAME(all)(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * (r * r) + r + 1.0f;
    return (FLOATS)((INTS)p + ((INTS)shifted << 23));
}

INNER FLOATS NAME(inverse)(FLOATS x) { return 1.0f / x; }

#endif

INNER FLOATS NAME(sigmoid)(FLOATS x) { return NAME(inverse)(1.0f + NAME(exponential)(-x)); }

/* sigmoid(x) * tanh(y), with one division. */
INNER FLOATS NAME(gated)(FLOATS x, FLOATS y)
{
    const FLOATS a = NAME(exponential)(-x), b = NAME(exponential)(-2.0f * y);
    return (1.0f - b) * NAME(inverse)((1.0f + a) * (1.0f + b));
}

INNER FLOATS NAME(tanh)(FLOATS x)
{
    const FLOATS b = NAME(exponential)(-2.0f * x);
    return (1.0f - b) * NAME(inverse)(1.0f + b);
}

/* Add `count` inputs of `rows` rows, times their weights, to the gates; gives the weights that follow. */
INNER const float *NAME(inputs)(FLOATS gates[ROWS][4], int rows, long count, const ELEMENT *x, long stride,
                                const float *weights)
{
    /* A copy, which compilers keep in registers. */
    FLOATS sums[ROWS][4];
    UNROLLED
    for (int n = 0; n < 4 * rows; n++)
        sums[n / 4][n % 4] = gates[n / 4][n % 4];
    for (long k = 0; k < count; k += AT_ONCE, weights += 4 * WIDTH) {
        FLOATS value[ROWS];
        UNROLLED
        for (int r = 0; r < rows; r++)
            value[r] = NAME(value)(x + r * stride + k);
        UNROLLED
        for (int g = 0; g < 4; g++) {
            FLOATS weight = *(const FLOATS *)(weights + g * WIDTH);
            /* Loaded once; compilers would rather load it anew for each row, and loads are what is short. */
            __asm__("" : REGISTER(weight));
            UNROLLED
            for (int r = 0; r < rows; r++)
                sums[r][g] = NAME(add)(sums[r][g], value[r], weight);
        }
    }
    UNROLLED
    for (int n = 0; n < 4 * rows; n++)
        gates[n / 4][n % 4] = sums[n / 4][n % 4];
    return weights;
}

/* One step of WIDTH units of `rows` rows. `gates` and `cells`, if it is to be learned from, are where this step's go. */
INNER void NAME(tile)(const struct sweep *s, int rows, const ELEMENT *x, const ELEMENT *before, long before_row,
                      const float *weights, const float *bias, float *cell, ELEMENT *out, ELEMENT *kept, float *cells)
{
    FLOATS gates[ROWS][4];
    UNROLLED
    for (int r = 0; r < rows; r++)
        UNROLLED
        for (int g = 0; g < 4; g++)
            gates[r][g] = *(const FLOATS *)(bias + g * WIDTH);
    weights = NAME(inputs)(gates, rows, s->inputs, x, s->x_row, weights);
    NAME(inputs)(gates, rows, s->hidden, before, before_row, weights);
    UNROLLED
    for (int r = 0; r < rows; r++) {
        FLOATS *c = (FLOATS *)(cell + r * s->hidden);
        if (!kept) {
            *c = NAME(sigmoid)(gates[r][1]) * *c + NAME(gated)(gates[r][0], gates[r][2]);
            NAME(put)(out + r * s->out_row, NAME(gated)(gates[r][3], *c));
            continue;
        }
        const FLOATS i = NAME(sigmoid)(gates[r][0]), f = NAME(sigmoid)(gates[r][1]);
        const FLOATS g = NAME(tanh)(gates[r][2]), o = NAME(sigmoid)(gates[r][3]);
        *c = f * *c + i * g;
        NAME(put)(out + r * s->out_row, o * NAME(tanh)(*c));
        ELEMENT *place = kept + r * 4 * s->kept_row;
        NAME(put)(place, i);
        NAME(put)(place + s->hidden, f);
        NAME(put)(place + 2 * s->hidden, g);
        NAME(put)(place + 3 * s->hidden, o);
        *(FLOATS *)(cells + r * s->kept_row) = *c;
    }
}

/* All steps; `keep` is known when this is compiled. */
INNER void NAME(steps)(const struct sweep *s, int keep)
{
    const long packed = 4 * WIDTH * (s->inputs + s->hidden) / AT_ONCE;
    ELEMENT *last = s->hidden_state;
    const ELEMENT *before = last;
    long before_row = s->hidden;
    for (long t = 0; t < s->steps; t++) {
        const ELEMENT *x = (const ELEMENT *)s->x + t * s->x_step;
        ELEMENT *out = (ELEMENT *)s->out + t * s->out_step;
        ELEMENT *gates = keep ? (ELEMENT *)s->gates + 4 * t * s->kept_step : 0;
        float *cells = keep ? s->cells + t * s->kept_step : 0;
        for (long u = 0; u < s->hidden; u += WIDTH) {
            const float *weights = s->weights + u / WIDTH * packed, *bias = s->bias + 4 * u;
            for (long r = 0, rows; r < s->rows; r += rows) {
                const ELEMENT *from = x + r * s->x_row, *back = before + r * before_row;
                float *cell = s->cell + r * s->hidden + u;
                ELEMENT *to = out + r * s->out_row + u;
                ELEMENT *kept = keep ? gates + 4 * r * s->kept_row + u : 0;
                float *all = keep ? cells + r * s->kept_row + u : 0;
                rows = r + ROWS <= s->rows ? ROWS : 1;
                if (rows == ROWS)
                    NAME(tile)(s, ROWS, from, back, before_row, weights, bias, cell, to, kept, all);
                else
                    NAME(tile)(s, 1, from, back, before_row, weights, bias, cell, to, kept, all);
            }
        }
        before = out;
        before_row = s->out_row;
    }
    if (before != last)
        for (long r = 0; r < s->rows; r++)
            memcpy(last + r * s->hidden, before + r * before_row, s->hidden * sizeof(ELEMENT));
}

static TARGET void NAME(lstm)(const struct sweep *s) { NAME(steps)(s, 0); }

static TARGET void NAME(lstm_kept)(const struct sweep *s) { NAME(steps)(s, 1); }

/* One step back of `rows` rows and `vectors` of their units, at most 4: what the loss says of the outputs, from `out`
   and from the gates of the step that was read next (`next`, none at the last), to what it says of the gates. */
INNER void NAME(tile_back)(const struct gradient *s, int rows, int vectors, const ELEMENT *next, const float *weights,
                           const ELEMENT *out, const ELEMENT *gates, const float *cells, const float *before,
                           float *cell, ELEMENT *found, float *bias)
{
    FLOATS sums[ROWS][4];
    UNROLLED
    for (int n = 0; n < 4 * rows; n++)
        sums[n / 4][n % 4] = NAME(all)(0.0f);
    if (next)
        NAME(inputs)(sums, rows, 4 * s->hidden, next, 4 * s->row, weights);
    for (int v = 0; v < vectors; v++) {
        FLOATS total[4];
        UNROLLED
        for (int n = 0; n < 4; n++)
            total[n] = *(const FLOATS *)(bias + n * s->hidden + v * WIDTH);
        for (int r = 0; r < rows; r++) {
            const long unit = v * WIDTH, place = 4 * r * s->row + unit;
            const FLOATS h = sums[r][v] + NAME(get)(out + r * s->out_row + unit);
            const FLOATS i = NAME(get)(gates + place), f = NAME(get)(gates + place + s->hidden);
            const FLOATS g = NAME(get)(gates + place + 2 * s->hidden), o = NAME(get)(gates + place + 3 * s->hidden);
            const FLOATS top = NAME(tanh)(*(const FLOATS *)(cells + r * s->row + unit));
            const FLOATS was = before ? *(const FLOATS *)(before + r * s->row + unit) : NAME(all)(0.0f);
            FLOATS *kept = (FLOATS *)(cell + r * s->hidden + unit);
            const FLOATS c = *kept + h * o * (1.0f - top * top);
            *kept = c * f;
            const FLOATS all[4] = {c * g * i * (1.0f - i), c * was * f * (1.0f - f), c * i * (1.0f - g * g),
                                   h * top * o * (1.0f - o)};
            UNROLLED
            for (int n = 0; n < 4; n++) {
                NAME(put)(found + place + n * s->hidden, all[n]);
                total[n] += all[n];
            }
        }
        UNROLLED
        for (int n = 0; n < 4; n++)
            *(FLOATS *)(bias + n * s->hidden + v * WIDTH) = total[n];
    }
}

/* All steps, from the one that was read last. */
static TARGET void NAME(lstm_back)(const struct gradient *s)
{
    const long packed = 4 * WIDTH * 4 * s->hidden / AT_ONCE;
    for (long t = s->steps - 1; t >= 0; t--) {
        const ELEMENT *out = (const ELEMENT *)s->out + t * s->out_step;
        const ELEMENT *gates = (const ELEMENT *)s->gates + 4 * t * s->step;
        const float *cells = s->cells + t * s->step;
        ELEMENT *found = (ELEMENT *)s->found + 4 * t * s->step;
        for (long u = 0; u < s->hidden; u += 4 * WIDTH) {
            const float *weights = s->weights + u / (4 * WIDTH) * packed;
            const int vectors = s->hidden - u < 4 * WIDTH ? (int)((s->hidden - u) / WIDTH) : 4;
            for (long r = 0, rows; r < s->rows; r += rows) {
                const long place = 4 * r * s->row + u, at = r * s->row + u;
                const ELEMENT *next = t + 1 < s->steps ? found + 4 * s->step + 4 * r * s->row : 0;
                const float *before = t ? cells - s->step + at : 0;
                float *cell = s->cell + r * s->hidden + u;
                rows = r + ROWS <= s->rows ? ROWS : 1;
                if (rows == ROWS)
                    NAME(tile_back)(s, ROWS, vectors, next, weights, out + r * s->out_row + u, gates + place,
                                    cells + at, before, cell, found + place, s->bias + u);
                else
                    NAME(tile_back)(s, 1, vectors, next, weights, out + r * s->out_row + u, gates + place,
                                    cells + at, before, cell, found + place, s->bias + u);
            }
        }
    }
}

#undef FLOATS
#undef INTS
#undef INNER
#undef ELEMENT
#undef AT_ONCE
#undef WIDTH
#undef ROWS
#undef TARGET
#undef REGISTER
#undef NAME
#undef PAIR
