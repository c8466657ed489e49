/* The weights of the words with gaps that sequences have, added up; loaded by dnabilstm/native/words.py. Uses nothing of
   Python. */

#include <stdint.h>

/* Sequences are rows of `length` codes, each with the place of its first code in `first`. A pattern is a count of bases
   and their offsets, `WIDEST + 1` numbers; the words of a pattern, those of its first place first, are numbered behind
   those of the patterns before it, and `row` has the row of `table` of each number. `table` is (distinct, columns),
   `sums` (rows, columns), which starts as zero, and `seen` one number a row of the table, also zero. `base`, `number`
   and `missing` are room for a number a code. Without places, where `places` is 0, a word is the same wherever it is. */
struct words {
    long rows, length, patterns, places, columns;
    const uint8_t *codes;
    const int64_t *first;
    const int32_t *pattern, *row;
    const float *table;
    double *sums;
    uint32_t *seen;
    int32_t *base, *number, *missing;
};

#define WIDEST 8

/* Of the codes of A, C, G, T; -1 of everything else. */
static const int8_t BASE[16] = {-1, 0, 1, -1, 2, -1, -1, -1, 3, -1, -1, -1, -1, -1, -1, -1};

void dnabilstm_words(const struct words *w)
{
    for (long r = 0; r < w->rows; r++) {
        const uint8_t *codes = w->codes + r * w->length;
        const int32_t *row = w->row;
        const uint32_t mark = (uint32_t)r + 1;
        double *sums = w->sums + r * w->columns;
        for (long i = 0; i < w->length; i++)
            w->base[i] = BASE[codes[i] & 15];
        for (long p = 0; p < w->patterns; p++) {
            const int32_t *pattern = w->pattern + p * (WIDEST + 1);
            const int32_t bases = pattern[0], *offsets = pattern + 1;
            const long words = 1L << 2 * bases, last = offsets[bases - 1];
            const long places = !w->places ? 1 : w->places > last ? w->places - last : 0;
            const long starts = places ? w->length - last : 0;
            for (long i = 0; i < starts; i++)
                w->number[i] = w->missing[i] = 0;
            for (int32_t k = 0; k < bases; k++) {
                const int32_t *base = w->base + offsets[k];
                for (long i = 0; i < starts; i++) {
                    w->number[i] = w->number[i] * 4 + (base[i] & 3);
                    w->missing[i] |= base[i];
                }
            }
            for (long i = 0; i < starts; i++) {
                const long place = w->places ? (long)w->first[r] + i : 0;
                if (w->missing[i] < 0 || place < 0 || place >= places)
                    continue;
                const long found = row[place * words + w->number[i]];
                if (w->seen[found] == mark)
                    continue;
                w->seen[found] = mark;
                for (long c = 0; c < w->columns; c++)
                    sums[c] += w->table[found * w->columns + c];
            }
            row += places * words;
        }
    }
}
