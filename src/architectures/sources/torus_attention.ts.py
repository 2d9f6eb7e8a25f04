# One block of self-attention over the atoms: h [B, n, {width}], c and s [B, n, P] the cosines and sines of the
# harmonics of the components that stay. Besides the usual products of queries and keys, the weight with which atom
# i sees atom j depends on cos and sin of the differences of their angles, with amplitudes that atom i chooses; and
# the weighted means of these cosines and sines are among the values. Both come from c and s alone, since
#     cos(t_i - t_j) = c_i c_j + s_i s_j,   sin(t_i - t_j) = s_i c_j - c_i s_j.
def heads(self, t: Tensor) -> Tensor:
    return t.reshape([t.size(0), t.size(1), {heads}, -1]).transpose(1, 2)

def attend(self, h: Tensor, c: Tensor, s: Tensor) -> Tensor:
    z = torch.matmul(torch.layer_norm(h, [{width}]), self.weight_in) + self.bias_in
    parts = z.split_with_sizes([{width}, {width}, {width}, {heads} * {angles}, {heads} * {angles}], 2)
    even = self.heads(parts[3])
    odd = self.heads(parts[4])
    c_heads = c.unsqueeze(1).expand_as(even)
    s_heads = s.unsqueeze(1).expand_as(even)
    query = torch.cat((self.heads(parts[0]) * {key_scale}, even * c_heads + odd * s_heads,
                       even * s_heads - odd * c_heads), 3)
    key = torch.cat((self.heads(parts[1]), c_heads, s_heads), 3)
    value = torch.cat((self.heads(parts[2]), c_heads, s_heads), 3)
    seen = torch.matmul(torch.softmax(torch.matmul(query, key.transpose(2, 3)), 3), value)
    content, seen_c, seen_s = seen.split_with_sizes([{width} // {heads}, {angles}, {angles}], 3)
    means = torch.cat((content, c_heads * seen_c + s_heads * seen_s, s_heads * seen_c - c_heads * seen_s), 3)
    h = h + torch.matmul(means.transpose(1, 2).flatten(2), self.weight_means)
    z = torch.{activation}(torch.matmul(torch.layer_norm(h, [{width}]), self.weight_hidden) + self.bias_hidden)
    return h + torch.matmul(z, self.weight_back)
