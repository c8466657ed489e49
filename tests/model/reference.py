"""The family written down once more from its papers: one position, one unit and one sum after the other.

Slow and plain, so that it can be read against the equations. It shares the names of the parameters with
the package and nothing else; all is done with scalars and vectors that autograd follows, so that the
gradients are known too. Where the strands are tied, no weight is derived: the sequence itself is turned
over, read with the same weights, and the reading is turned back.

A sequence is a list of vectors, one a position.
"""

import functools
import itertools
import math

import torch


def sigmoid(value):
    return 1 / (1 + torch.exp(-value))


def softmax(logits):
    """Weights that sum to 1, of a list of scalars."""
    raised = [torch.exp(logit - max(logits)) for logit in logits]
    return [value / sum(raised) for value in raised]


def affine(x, weight, bias=None):
    """Unit by unit, w_j . x + b_j."""
    units = [torch.dot(weight[j], x) for j in range(len(weight))]
    return torch.stack([u if bias is None else u + bias[j] for j, u in enumerate(units)])


def lstm(xs, w_ih, w_hh, bias, peepholes=None):
    """The long short-term memory, a unit j at a time.

    Hochreiter & Schmidhuber 1997 (Neural Computation 9:1735) with the forget gate of Gers et al. 2000
    (Neural Computation 12:2451); with peepholes p as Gers & Schmidhuber 2000 (IJCNN 3:189):

        i_j = sigmoid(W_i x_t + R_i h_{t-1} + b_i + p_i c_{j,t-1})
        f_j = sigmoid(W_f x_t + R_f h_{t-1} + b_f + p_f c_{j,t-1})
        c_{j,t} = f_j c_{j,t-1} + i_j tanh(W_g x_t + R_g h_{t-1} + b_g)
        o_j = sigmoid(W_o x_t + R_o h_{t-1} + b_o + p_o c_{j,t})
        h_{j,t} = o_j tanh(c_{j,t})
    """
    hidden = w_hh.shape[1]
    h, c, seen = torch.zeros(hidden).to(w_hh), torch.zeros(hidden).to(w_hh), []
    for x in xs:
        new_h, new_c = [], []
        for j in range(hidden):
            i, f, g, o = (
                torch.dot(w_ih[row], x) + torch.dot(w_hh[row], h) + bias[row]
                for row in range(j, 4 * hidden, hidden)
            )
            if peepholes is not None:
                i, f = i + peepholes[0, j] * c[j], f + peepholes[1, j] * c[j]
            memory = sigmoid(f) * c[j] + sigmoid(i) * torch.tanh(g)
            if peepholes is not None:
                o = o + peepholes[2, j] * memory
            new_c.append(memory)
            new_h.append(sigmoid(o) * torch.tanh(memory))
        h, c = torch.stack(new_h), torch.stack(new_c)
        seen.append(h)
    return seen


def grid_block(h_time, h_depth, memory, weights):
    """One dimension of one grid LSTM block (Kalchbrenner et al. 2015, arXiv 1507.01526, equations 1 and 4).

    With H the hidden vectors of both dimensions, side by side:

        g_u = sigmoid(W_u H)    g_f = sigmoid(W_f H)    g_o = sigmoid(W_o H)    g_c = tanh(W_c H)
        m' = g_f m + g_u g_c
        h' = tanh(g_o m')
    """
    both = torch.cat([h_time, h_depth])
    matrix = torch.cat([weights["w_hh"], weights["w_ih"]], dim=1)
    hidden = len(memory)
    shown, kept = [], []
    for j in range(hidden):
        u, f, c, o = (
            torch.dot(matrix[row], both) + weights["bias"][row] for row in range(j, 4 * hidden, hidden)
        )
        kept.append(sigmoid(f) * memory[j] + sigmoid(u) * torch.tanh(c))
        shown.append(torch.tanh(sigmoid(o) * kept[-1]))
    return torch.stack(shown), torch.stack(kept)


def grid(xs, enter, layers):
    """A two-dimensional grid, column by column: at each position from the first layer to the last.

    ``enter`` (weight, bias) maps a position's features to hidden and memory of the depth dimension;
    ``layers`` holds the weights of each layer's blocks, along the sequence (``along``) and along depth
    (``deep``). Returns the hidden vectors that leave at the top.
    """
    hidden = layers[0]["along"]["w_hh"].shape[1]
    zero = torch.zeros(hidden).to(xs[0])
    time, top = [(zero, zero) for _ in layers], []
    for x in xs:
        entered = affine(x, *enter)
        h_depth, m_depth = entered[:hidden], entered[hidden:]
        for level, weights in enumerate(layers):
            h_time, m_time = time[level]
            time[level] = grid_block(h_time, h_depth, m_time, weights["along"])
            h_depth, m_depth = grid_block(h_time, h_depth, m_depth, weights["deep"])
        top.append(h_depth)
    return top


def convolution(xs, weight, bias):
    """y_{t,f} = b_f + sum over k and c of w_{f,c,k} x_{t+k-half,c}; zero outside."""
    half, out = weight.shape[2] // 2, []
    for t in range(len(xs)):
        near = [(k, t + k - half) for k in range(weight.shape[2]) if 0 <= t + k - half < len(xs)]
        sums = [
            bias[f] + sum(torch.dot(weight[f, :, k], xs[place]) for k, place in near)
            for f in range(len(weight))
        ]
        out.append(torch.stack(sums))
    return out


def layer_norm(x, scale, shift):
    """(x - mean) / sqrt(variance + 1e-5), scaled and shifted (Ba et al. 2016, arXiv 1607.06450)."""
    mean = sum(x) / len(x)
    variance = sum((value - mean) ** 2 for value in x) / len(x)
    return torch.stack(
        [(x[j] - mean) / torch.sqrt(variance + 1e-5) * scale[j] + shift[j] for j in range(len(x))]
    )


def additive_weights(xs, inner, outer, sides):
    """Bahdanau et al. 2015 (arXiv 1409.0473, appendix A.1.2) without a decoder's state.

        e_t = v . tanh(U x_t + b)        a = softmax(e)

    Where the strands are tied, e_t is the sum of what both sides of a position give.
    """  # fmt: skip
    logits = [
        sum(torch.dot(outer[0], torch.tanh(affine(side, *inner))) for side in both)
        for both in zip(*(map(turn, xs) for turn in sides), strict=True)
    ]
    return softmax(logits)


def multihead_weights(xs, key, query, sides):
    """Vaswani et al. 2017 (arXiv 1706.03762, equation 1) with one learned query q_h a head.

        e_{h,t} = q_h . (W_K x_t)_h / sqrt(d)        a_h = softmax(e_h)
    """  # fmt: skip
    heads, width = query.shape
    return [
        softmax(
            [
                sum(
                    torch.dot(query[head], affine(turn(x), key[head * width : (head + 1) * width]))
                    for turn in sides
                )
                / math.sqrt(width)
                for x in xs
            ]
        )
        for head in range(heads)
    ]


def local_attention(xs, parameters, heads, window, sides):
    """Multi-head attention of every position to all, those beyond the window masked, all pairs in turn.

        a_{h,t,s} = softmax over |s - t| <= window of (Q_t . K_s)_h / sqrt(d) + r_{h,s-t}
        y_t = x_t + W_O (sum over s of a_{h,t,s} V_s, of all heads)
    """  # fmt: skip
    queries, keys, values = (
        [
            [affine(turn(x), parameters[f"enter.{name}.map.weight"], parameters.get(f"enter.{name}.map.bias"))
             for turn in sides] for x in xs
        ]
        for name in "qkv"
    )  # fmt: skip
    distance, out = parameters["distance"], []
    width = len(queries[0][0]) // heads
    for t in range(len(xs)):
        seen = [[] for _ in sides]
        for head in range(heads):
            part = slice(head * width, (head + 1) * width)
            near = [s for s in range(len(xs)) if abs(s - t) <= window]
            logits = []
            for s in near:
                product = sum(torch.dot(q[part], k[part]) for q, k in zip(queries[t], keys[s], strict=True))
                far = abs(s - t) if distance.shape[1] == window + 1 else s - t + window
                logits.append(product / math.sqrt(width * len(sides)) + distance[head, far])
            weights = softmax(logits)
            for side in range(len(sides)):
                seen[side].append(sum(a * values[s][side][part] for a, s in zip(weights, near, strict=True)))
        together = torch.cat([torch.cat(side) for side in seen])
        leave = [
            affine(turn(together), parameters["leave.map.weight"], parameters["leave.map.bias"])
            for turn in sides
        ]
        out.append(xs[t] + torch.cat(leave))
    return out


def as_is(x):
    return x


def halves_exchanged(x):
    """How the other strand sees paired features."""
    half = len(x) // 2
    return torch.cat([x[half:], x[:half]])


def channels_reversed(x):
    """How the other strand sees A, C, G, T."""
    return torch.stack([x[3], x[2], x[1], x[0]])


def both_strands(xs, read, turn):
    """What a reading gives on this strand, and on the other one turned over, side by side."""
    forward = read(xs)
    backward = read([turn(x) for x in reversed(xs)])
    return [torch.cat([f, b]) for f, b in zip(forward, reversed(backward), strict=True)]


PLACED = ((0,), (0, 1), (0, 1, 2))


def anywhere():
    """4 bases in 7, 6 in 8, and two of 3 with 3 to 12 between, in the order in which they have their weights."""
    found = []
    for bases, longest in ((4, 7), (6, 8)):
        for span in range(bases, longest + 1):
            picked = [(0, *inner, span - 1) for inner in itertools.product(range(span), repeat=bases - 2)]
            found += sorted({p for p in picked if all(a < b for a, b in itertools.pairwise(p))})
    return tuple(found) + tuple((0, 1, 2, 3 + gap, 4 + gap, 5 + gap) for gap in range(3, 13))


@functools.cache
def rows_of_words(patterns, places, symmetric):
    """Row of the table of each (pattern, place, letters): in order, but a word of the other strand has that of its."""
    rows, taken = {}, 0
    for pattern in patterns:
        for place in range(max(0, places - pattern[-1]) if places else 1):
            for letters in itertools.product("ACGT", repeat=len(pattern)):
                word = pattern, place, "".join(letters)
                if word in rows:
                    continue
                rows[word] = taken
                if symmetric:
                    turned = word[2].translate(str.maketrans("ACGT", "TGCA"))[::-1]
                    mirrored = tuple(pattern[-1] - offset for offset in reversed(pattern))
                    rows[mirrored, places - pattern[-1] - 1 - place if places else 0, turned] = taken
                taken += 1
    return rows


class Network:
    """A whole ``BiLSTM``, from its configuration and its parameters by name."""

    def __init__(self, config, parameters):
        self.config, self.parameters = config, parameters
        self.tied = config.strand != "none"

    def under(self, prefix):
        """The parameters below a name."""
        return {k.removeprefix(prefix): v for k, v in self.parameters.items() if k.startswith(prefix)}

    def stem(self, codes):
        """Features of each base; those of a position outside the contig (code 0) are zero."""
        kind = next(iter(self.parameters.values()))
        bits = [[code >> channel & 1 for channel in range(4)] for code in codes]
        xs = [torch.tensor([b / max(1, sum(row)) for b in row]).to(kind) for row in bits]
        if not self.config.filters:
            return xs
        features = self.convolve(xs, "convolution.", channels_reversed)
        if "places.table" in self.parameters:
            features = [x + self.bias_at(place, len(features)) for place, x in enumerate(features)]
        return [x.clamp(min=0) * (code != 0) for x, code in zip(features, codes, strict=True)]

    def bias_at(self, place, bases):
        """What the filters get at a place of a sequence in whole bins: the table's middle lies on its middle.

        The other strand's filters are at the place that this is from the other end.
        """
        table, sides = self.parameters["places.table"], []
        for seen in (place, bases - 1 - place) if self.tied else (place,):
            twice = 2 * seen + len(table) - bases
            rows = [row for row in (math.floor(twice / 2), math.ceil(twice / 2)) if 0 <= row < len(table)]
            sides.append(sum((table[row] / 2 for row in rows), torch.zeros(table.shape[1]).to(table)))
        return torch.cat(sides)

    def convolve(self, xs, name, turn):
        weight, bias = self.parameters[f"{name}weight"], self.parameters[f"{name}bias"]
        if not self.tied:
            return convolution(xs, weight, bias)
        return both_strands(xs, lambda seen: convolution(seen, weight, bias), turn)

    def trunk(self, features):
        """From the features of bases to what the head reads, a vector a bin."""
        config = self.config
        bins = [features[start : start + config.pool] for start in range(0, len(features), config.pool)]
        xs = [torch.stack(members).amax(dim=0) for members in bins]
        for index in range(config.stem_layers):
            more = [x.clamp(min=0) for x in self.convolve(xs, f"deeper.{index}.", halves_exchanged)]
            xs = [x + y for x, y in zip(xs, more, strict=True)] if config.stem_residual else more
        if config.cell == "grid":
            return self.merged(self.grid(xs))
        for index in range(config.layers):
            xs = self.layer(xs, index)
        return xs

    def layer(self, xs, index):
        """A recurrent layer with what stands before and behind it."""
        config = self.config
        turn = halves_exchanged if index or config.filters else channels_reversed
        alike = config.merge == "sum" and index > 0
        read = [self.norm(x, index, alike) for x in xs]
        out = self.merged(self.both(read, index, as_is if alike else turn))
        turned_alike = not self.tied or index > 0 or (config.merge == "concat" and config.filters)
        if config.residual and turned_alike and len(out[0]) == len(xs[0]):
            return [x + y for x, y in zip(xs, out, strict=True)]
        return out

    def norm(self, x, index, alike):
        if not self.config.norm or (index == 0 and not self.config.filters):
            return x
        scale, shift = (self.parameters[f"norms.{index}.{name}"] for name in ("scale", "shift"))
        if self.tied and not alike:
            scale, shift = torch.cat([scale, scale]), torch.cat([shift, shift])
        return layer_norm(x, scale, shift)

    def both(self, xs, index, turn):
        """One LSTM layer, in one direction or in both."""

        wanted = ("w_ih", "w_hh", "bias", *(["peepholes"] if self.config.cell == "peephole" else []))

        def read(direction):
            weights = [self.parameters[f"lstms.{index}.directions.{direction}.{name}"] for name in wanted]
            return lambda seen: lstm(seen, *weights)

        return self.two_ways(xs, read, turn)

    def grid(self, xs):
        """All layers of a grid, in one direction or in both: they never meet below the head."""

        def read(direction):
            names = [self.under(f"lstms.{i}.directions.{direction}.") for i in range(self.config.layers)]
            layers = [
                {way: {n: named[f"{way}.{n}"] for n in ("w_ih", "w_hh", "bias")} for way in ("along", "deep")}
                for named in names
            ]
            enter = names[0]["enter.weight"], names[0]["enter.bias"]
            return lambda seen: grid(seen, enter, layers)

        return self.two_ways(xs, read, halves_exchanged if self.config.filters else channels_reversed)

    def two_ways(self, xs, read, turn):
        if self.tied:
            return both_strands(xs, read(0), turn)
        if not self.config.bidirectional:
            return read(0)(xs)
        pairs = zip(read(0)(xs), reversed(read(1)(xs[::-1])), strict=True)
        return [torch.cat(pair) for pair in pairs]

    def merged(self, outputs):
        """The two directions joined."""
        if self.config.merge == "concat":
            return outputs
        half = len(outputs[0]) // 2
        return [x[:half] + x[half:] for x in outputs]

    @property
    def sides(self):
        """How a bin is seen above the recurrent layers, if tied from both strands."""
        return (as_is, halves_exchanged) if self.tied and self.config.merge == "concat" else (as_is,)

    def attended(self, xs):
        if self.config.attention != "local":
            return xs
        named = self.under("attention.")
        return local_attention(
            xs, named, self.config.attention_heads, self.config.attention_window, self.sides
        )

    def small_network(self, x, name):
        """W_2 relu(W_1 x + b_1) + b_2, or W_2 x + b_2."""
        names = self.under(name)
        if "inner.weight" in names:
            x = affine(x, names["inner.weight"], names["inner.bias"]).clamp(min=0)
        return affine(x, names["outer.weight"], names["outer.bias"])

    def read_out(self, x, name, sides):
        """Logits: both strands added, or each for itself in turn."""
        strands = [self.small_network(turn(x), name) for turn in sides]
        return torch.stack(strands, dim=1).flatten() if self.config.strand == "stranded" else sum(strands)

    def positions(self, codes):
        """Logits of each base, (length, channels); codes in whole bins."""
        features = self.stem(codes)
        xs = [self.read_out(x, "head.", self.sides) for x in self.attended(self.trunk(features))]
        logits = [xs[t // self.config.pool] for t in range(len(codes))]
        if self.config.skip:
            sides = (as_is, halves_exchanged) if self.tied else (as_is,)
            more = [self.read_out(x, "skip.", sides) for x in features]
            logits = [a + b for a, b in zip(logits, more, strict=True)]
        return torch.stack(logits)

    def attention_weights(self, xs):
        """Of a sequence head: a list of weights for each head."""
        names = self.under("head.attention.")
        if self.config.attention == "additive":
            inner = names["inner.weight"], names["inner.bias"]
            return [additive_weights(xs, inner, names["outer.weight"], self.sides)]
        return multihead_weights(xs, names["key.weight"], names["query"], self.sides)

    def summary(self, xs):
        """Attention's reading of a sequence, a vector for each strand's half."""
        weights = self.attention_weights(xs)
        if self.config.attention == "additive":
            return sum(a * x for a, x in zip(weights[0], xs, strict=True))
        names = self.under("head.attention.value.map.")
        halves = []
        for turn in self.sides:
            values = [affine(turn(x), names["weight"], names["bias"]) for x in xs]
            width = len(values[0]) // len(weights)
            halves += [
                sum(a * v[head * width : (head + 1) * width] for a, v in zip(of_head, values, strict=True))
                for head, of_head in enumerate(weights)
            ]
        return torch.cat(halves)

    def by_place(self, xs):
        """A few channels of every bin, side by side from the first to the last place about the middle.

        A place s holds bin s + (bins - places) / 2: where that is no whole number, half of both
        neighbours. The other strand reads its bins with the same weights, from its own start.
        """
        names, places = self.under("head.aligned.read."), self.config.aligned
        prefix = "map." if "map.weight" in names else ""
        weight, bias = names[prefix + "weight"], names[prefix + "bias"]
        width = len(weight)
        both = []
        for turn in self.sides:
            own = xs if turn is self.sides[0] else xs[::-1]
            read = [torch.relu(affine(turn(x), weight, bias)) for x in own]
            for place in range(places):
                twice, found = 2 * place + len(xs) - places, torch.zeros(width).to(xs[0])
                for bin_ in (math.floor(twice / 2), math.ceil(twice / 2)):
                    if 0 <= bin_ < len(xs):
                        found = found + read[bin_] / 2
                both.append(found)
        return torch.cat(both)

    def sequence(self, codes):
        """Logits of a whole sequence, (classes,); codes in whole bins."""
        logits = self.network_logits(codes)
        return logits if self.config.kmers == "none" else logits + self.words(codes)

    def words(self, codes):
        """What gapped k-mers add: 0 to the first class, to each other one the weights of the words that there are."""
        config, letters = (
            self.config,
            ["ACGT"[(1, 2, 4, 8).index(c)] if c in (1, 2, 4, 8) else "N" for c in codes],
        )
        places, total = (0 if config.aligned in ("auto", 0) else config.aligned * config.pool), 0
        for part, (patterns, about) in enumerate([(anywhere(), 0), (PLACED, places)][: 2 if places else 1]):
            table = self.parameters[f"gapped.parts.{part}.table"]
            rows = rows_of_words(patterns, about, config.strand == "symmetric")
            assert len(table) == len(set(rows.values()))
            twice = about - len(letters)
            shifts = {twice // 2, -(-twice // 2)} if about else {0}
            for shift in shifts:
                there = {
                    rows[pattern, start + shift if about else 0, word]
                    for pattern in patterns
                    for start in range(len(letters) - pattern[-1])
                    if "N" not in (word := "".join(letters[start + offset] for offset in pattern))
                    if not about or 0 <= start + shift < about - pattern[-1]
                }
                total = total + sum(table[row] for row in sorted(there)) / len(shifts)
        return torch.cat([torch.zeros(1, dtype=table.dtype), total])

    def network_logits(self, codes):
        """The same without gapped k-mers."""
        xs = self.trunk(self.stem(codes))
        parts = [torch.stack(xs).amax(dim=0), sum(xs) / len(xs)]
        if self.config.attention != "none":
            parts.append(self.summary(xs))
        if self.config.aligned not in ("auto", 0):
            parts.append(self.by_place(xs))
        if len(self.sides) == 1:
            return self.small_network(torch.cat(parts), "head.reader.")
        first, second = (
            torch.cat([p[: len(p) // 2] for p in parts]),
            torch.cat([p[len(p) // 2 :] for p in parts]),
        )
        given = self.small_network(torch.cat([first, second]), "head.reader.")
        if self.config.strand == "stranded":
            return given
        return given + self.small_network(torch.cat([second, first]), "head.reader.")
