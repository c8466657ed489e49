/* The recurrence of an LSTM in single precision, loaded by dnabilstm/score/native.py. Uses nothing of Python. */

#include <string.h>

/* One direction over some steps. Strides are in floats; those of steps are negative for the backward direction.
   `weights` has, for each group of as many units as a vector holds, first of all inputs and then of all hidden
   units, the weights of the gates i, f, g, o; `bias` the same without inputs. `hidden_state` and `cell` are
   (rows, hidden) and end as the state behind the last step. */
struct sweep {
    long steps, rows, inputs, hidden;
    const float *x;
    long x_step, x_row;
    const float *weights, *bias;
    float *hidden_state, *cell;
    float *out;
    long out_step, out_row;
};

#if defined(__x86_64__)

#define WIDTH 8
#define ROWS 2 /* of 16 registers: 8 gates, 2 inputs, 1 weight */
#define TARGET __attribute__((target("avx2,fma")))
#define REGISTER(vector) "+x"(vector)
#define NAME(name) name##_8
#include "lstm.h"

#define WIDTH 16
#define ROWS 4 /* of 32 registers: 16 gates, 4 inputs, 1 weight */
#define TARGET __attribute__((target("avx512f")))
#define REGISTER(vector) "+v"(vector)
#define NAME(name) name##_16
#include "lstm.h"

#elif defined(__aarch64__)

#define WIDTH 4
#define ROWS 4
#define TARGET
#define REGISTER(vector) "+w"(vector)
#define NAME(name) name##_4
#include "lstm.h"

#endif

typedef void step_function(const struct sweep *, const float *, const float *, long, float *);

static step_function *step_of(int width)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (width == 16 && __builtin_cpu_supports("avx512f"))
        return step_16;
    if (width == 8 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return step_8;
#elif defined(__aarch64__)
    if (width == 4)
        return step_4;
#endif
    return 0;
}

/* Whether this processor has vectors of so many floats, and the code for them is here. */
int dnabilstm_has_width(int width) { return step_of(width) != 0; }

void dnabilstm_lstm(int width, const struct sweep *s)
{
    step_function *step = step_of(width);
    const float *before = s->hidden_state;
    long before_row = s->hidden;
    for (long t = 0; t < s->steps; t++) {
        float *out = s->out + t * s->out_step;
        step(s, s->x + t * s->x_step, before, before_row, out);
        before = out;
        before_row = s->out_row;
    }
    if (before != s->hidden_state)
        for (long r = 0; r < s->rows; r++)
            memcpy(s->hidden_state + r * s->hidden, before + r * before_row, s->hidden * sizeof(float));
}
