/* One direction of an LSTM, for vectors of WIDTH floats and tiles of ROWS rows; included once a kind of processor
   and precision.

   Wants WIDTH, ROWS, TARGET (what the functions are compiled for), REGISTER (the constraint of a vector in a
   register), NAME (which makes the functions' names), and PAIR: whether features, weights and outputs are bfloat16,
   of which two are multiplied and added at a time (AVX512_BF16), or single floats. Sums, gates and memory cells are
   float32 always.

   A tile is ROWS rows by WIDTH units. Its 4 gates are 4 * ROWS accumulators that stay in registers from the
   first input to the new state: no gate is ever written to memory, and a step reads the weights of its units
   once for ROWS rows. */

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

#else

#define ELEMENT float
#define AT_ONCE 1

INNER FLOATS NAME(value)(const ELEMENT *x) { return NAME(all)(*x); }

INNER FLOATS NAME(add)(FLOATS sum, FLOATS value, FLOATS weight) { return sum + value * weight; }

INNER void NAME(put)(ELEMENT *place, FLOATS values) { *(FLOATS *)place = values; }

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

/* One step of WIDTH units of `rows` rows. */
INNER void NAME(tile)(const struct sweep *s, int rows, const ELEMENT *x, const ELEMENT *before, long before_row,
                      const float *weights, const float *bias, float *cell, ELEMENT *out)
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
        *c = NAME(sigmoid)(gates[r][1]) * *c + NAME(gated)(gates[r][0], gates[r][2]);
        NAME(put)(out + r * s->out_row, NAME(gated)(gates[r][3], *c));
    }
}

/* All steps. */
static TARGET void NAME(lstm)(const struct sweep *s)
{
    const long packed = 4 * WIDTH * (s->inputs + s->hidden) / AT_ONCE;
    ELEMENT *last = s->hidden_state;
    const ELEMENT *before = last;
    long before_row = s->hidden;
    for (long t = 0; t < s->steps; t++) {
        const ELEMENT *x = (const ELEMENT *)s->x + t * s->x_step;
        ELEMENT *out = (ELEMENT *)s->out + t * s->out_step;
        for (long u = 0; u < s->hidden; u += WIDTH) {
            const float *weights = s->weights + u / WIDTH * packed, *bias = s->bias + 4 * u;
            long r = 0;
            for (; r + ROWS <= s->rows; r += ROWS)
                NAME(tile)(s, ROWS, x + r * s->x_row, before + r * before_row, before_row, weights, bias,
                           s->cell + r * s->hidden + u, out + r * s->out_row + u);
            for (; r < s->rows; r++)
                NAME(tile)(s, 1, x + r * s->x_row, before + r * before_row, before_row, weights, bias,
                           s->cell + r * s->hidden + u, out + r * s->out_row + u);
        }
        before = out;
        before_row = s->out_row;
    }
    if (before != last)
        for (long r = 0; r < s->rows; r++)
            memcpy(last + r * s->hidden, before + r * before_row, s->hidden * sizeof(ELEMENT));
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
