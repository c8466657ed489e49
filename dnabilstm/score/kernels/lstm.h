/* One direction of an LSTM, for vectors of WIDTH floats and tiles of ROWS rows; included once a kind of processor.

   Wants WIDTH, ROWS, TARGET (what the functions are compiled for), REGISTER (the constraint of a vector in a
   register) and NAME (which makes the functions' names).

   A tile is ROWS rows by WIDTH units. Its 4 gates are 4 * ROWS accumulators that stay in registers from the
   first input to the new state: no gate is ever written to memory, and a step reads the weights of its units
   once for ROWS rows. */

typedef float NAME(floats) __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float))));
typedef int NAME(ints) __attribute__((vector_size(WIDTH * sizeof(float)), aligned(sizeof(float))));
#define FLOATS NAME(floats)
#define INTS NAME(ints)
#define INNER static inline __attribute__((always_inline)) TARGET

INNER FLOATS NAME(all)(float value) { return value - (FLOATS){0}; }

INNER FLOATS NAME(choose)(INTS mask, FLOATS a, FLOATS b)
{
    return (FLOATS)((mask & (INTS)a) | (~mask & (INTS)b));
}

/* e to the x, within 2e-7 of it: 2^n times a polynomial over half of a power of two (Cephes, expf). */
INNER FLOATS NAME(exponential)(FLOATS x)
{
    const FLOATS low = NAME(all)(-87.0f), high = NAME(all)(87.0f);
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

INNER FLOATS NAME(sigmoid)(FLOATS x) { return 1.0f / (1.0f + NAME(exponential)(-x)); }

INNER FLOATS NAME(tangent)(FLOATS x) { return 2.0f / (1.0f + NAME(exponential)(-2.0f * x)) - 1.0f; }

/* Add `count` inputs of `rows` rows, times their weights, to the gates; gives the weights that follow. */
INNER const float *NAME(add)(FLOATS gates[ROWS][4], int rows, long count, const float *x, long stride,
                             const float *weights)
{
    for (long k = 0; k < count; k++, weights += 4 * WIDTH) {
        FLOATS value[ROWS];
        for (int r = 0; r < rows; r++)
            value[r] = NAME(all)(x[r * stride + k]);
        for (int g = 0; g < 4; g++) {
            FLOATS weight = *(const FLOATS *)(weights + g * WIDTH);
            /* Loaded once; compilers would rather load it anew for each row, and loads are what is short. */
            __asm__("" : REGISTER(weight));
            for (int r = 0; r < rows; r++)
                gates[r][g] += value[r] * weight;
        }
    }
    return weights;
}

/* One step of WIDTH units of `rows` rows. */
INNER void NAME(tile)(const struct sweep *s, int rows, const float *x, const float *before, long before_row,
                      const float *weights, const float *bias, float *cell, float *out)
{
    FLOATS gates[ROWS][4];
    for (int r = 0; r < rows; r++)
        for (int g = 0; g < 4; g++)
            gates[r][g] = *(const FLOATS *)(bias + g * WIDTH);
    weights = NAME(add)(gates, rows, s->inputs, x, s->x_row, weights);
    NAME(add)(gates, rows, s->hidden, before, before_row, weights);
    for (int r = 0; r < rows; r++) {
        FLOATS *c = (FLOATS *)(cell + r * s->hidden);
        const FLOATS entering = NAME(sigmoid)(gates[r][0]) * NAME(tangent)(gates[r][2]);
        const FLOATS kept = NAME(sigmoid)(gates[r][1]) * *c + entering;
        *c = kept;
        *(FLOATS *)(out + r * s->out_row) = NAME(sigmoid)(gates[r][3]) * NAME(tangent)(kept);
    }
}

static TARGET void NAME(step)(const struct sweep *s, const float *x, const float *before, long before_row,
                              float *out)
{
    const long packed = 4 * WIDTH * (s->inputs + s->hidden);
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
}

#undef FLOATS
#undef INTS
#undef INNER
#undef WIDTH
#undef ROWS
#undef TARGET
#undef REGISTER
#undef NAME
