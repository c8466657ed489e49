/* The recurrence of an LSTM and its gradient, loaded by dnabilstm/native/library.py. Uses nothing of Python. */

#include <stdint.h>
#include <string.h>

/* One direction over some steps. Strides are in elements; those of steps are negative for the backward direction.
   Features, outputs and `hidden_state` are float32 or bfloat16. `weights` has, for each group of as many units as a
   vector holds, first of all inputs and then of all hidden units, the weights of the gates i, f, g, o (in bfloat16
   those of two inputs side by side in place of one float); `bias` the same without inputs, float32. `hidden_state`
   and `cell`, float32, are (rows, hidden) and end as the state behind the last step. `gates` and `cells` are null, or
   where a gradient will want them: the gates i, f, g, o of all units, each like the features, and the memory cells,
   float32. Their strides are counted in units: a step or row of the gates is four times as far. */
struct sweep {
    long steps, rows, inputs, hidden;
    const void *x;
    long x_step, x_row;
    const float *weights, *bias;
    void *hidden_state;
    float *cell;
    void *out;
    long out_step, out_row;
    void *gates;
    float *cells;
    long kept_step, kept_row;
};

/* The gradient of such a sweep from a state of zero. `weights` are those of the hidden units, for each 4 vectors of
   units (the last filled up with zero) and each gate of each unit: what that gate gets of these units; in bfloat16 two
   gates side by side. `out` is the gradient of the outputs, `found` will be that of the gates, laid out like `gates`;
   `cell`, (rows, hidden), starts as zero, and so does `bias`, (4, hidden), to which the gates of all are added. */
struct gradient {
    long steps, rows, hidden;
    const float *weights;
    const void *out;
    long out_step, out_row;
    const void *gates;
    const float *cells;
    void *found;
    long step, row;
    float *cell, *bias;
};

/* Short loops over rows and gates, so that what they touch stays in registers. */
#ifdef __clang__
#define UNROLLED _Pragma("clang loop unroll(full)")
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

#define PAIR 0
#define WIDTH 8
#define ROWS 2 /* of 16 registers: 8 gates, 2 inputs, 1 weight */
#define TARGET __attribute__((target("avx2,fma")))
#define REGISTER(vector) "+x"(vector)
#define NAME(name) name##_8
#include "lstm.h"

#define PAIR 0
#define WIDTH 16
#define ROWS 4 /* of 32 registers: 16 gates, 4 inputs, 1 weight */
#define TARGET __attribute__((target("avx512f,avx512dq")))
#define REGISTER(vector) "+v"(vector)
#define NAME(name) name##_16
#include "lstm.h"

/* Compilers know AVX512_BF16 from here on. */
#if __GNUC__ >= 10 || __clang_major__ >= 9
#define KNOWS_BF16 1
#define PAIR 1
#define WIDTH 16
#define ROWS 4
#define TARGET __attribute__((target("avx512f,avx512dq,avx512bf16")))
#define REGISTER(vector) "+v"(vector)
#define NAME(name) name##_16_bf16
#include "lstm.h"
#endif

#elif defined(__aarch64__)

#define PAIR 0
#define WIDTH 4
#define ROWS 4
#define TARGET
#define REGISTER(vector) "+w"(vector)
#define NAME(name) name##_4
#include "lstm.h"

#endif

typedef void lstm_function(const struct sweep *);
typedef void gradient_function(const struct gradient *);

struct functions {
    lstm_function *plain, *kept;
    gradient_function *back;
};

#define FUNCTIONS(name) ((struct functions){lstm_##name, lstm_kept_##name, lstm_back_##name})

#ifdef KNOWS_BF16
/* Matrix units, which PyTorch's kernel uses and this one does not. */
static int has_amx_bf16(void)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (d >> 22 & 1);
}
#endif

static struct functions functions_of(int width, int bf16)
{
#if defined(__x86_64__)
    __builtin_cpu_init();
#ifdef KNOWS_BF16
    if (width == 16 && bf16 && __builtin_cpu_supports("avx512bf16") && !has_amx_bf16())
        return FUNCTIONS(16_bf16);
#endif
    if (width == 16 && !bf16 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq"))
        return FUNCTIONS(16);
    if (width == 8 && !bf16 && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return FUNCTIONS(8);
#elif defined(__aarch64__)
    if (width == 4 && !bf16)
        return FUNCTIONS(4);
#endif
    return (struct functions){0, 0, 0};
}

/* Whether there is code for vectors of so many floats that this processor runs, and runs best. */
int dnabilstm_has(int width, int bf16) { return functions_of(width, bf16).plain != 0; }

void dnabilstm_lstm(int width, int bf16, const struct sweep *s)
{
    const struct functions found = functions_of(width, bf16);
    (s->gates ? found.kept : found.plain)(s);
}

void dnabilstm_lstm_back(int width, int bf16, const struct gradient *s) { functions_of(width, bf16).back(s); }
