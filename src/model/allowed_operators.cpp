#include "model/allowed_operators.h"

#include "base/error.h"

#include <set>
#include <sstream>

namespace nflow {

namespace {

using Names = std::set<std::string>;

Names words(const char *text) {
  std::istringstream stream(text);
  Names names;
  for (std::string name; stream >> name;) names.insert(name);
  return names;
}

// The same names, in the same groups, are in docs/model-contract.md (a test compares them).
const char *const tensor_operators[] = {
    // element by element
    R"(abs absolute acos acosh add addcdiv addcmul angle arccos arccosh arcsin arcsinh arctan arctan2 arctanh asin
       asinh atan atan2 atanh ceil celu clamp clamp_max clamp_min clip complex conj copysign cos cosh deg2rad digamma
       div divide elu erf erfc erfinv exp exp2 expm1 float_power floor floor_divide fmax fmin fmod frac gelu hardshrink
       hardsigmoid hardswish hardtanh heaviside hypot i0 imag leaky_relu lerp lgamma log log10 log1p log2 log_sigmoid
       logaddexp logaddexp2 logit maximum minimum mish mul multiply nan_to_num neg negative polar polygamma positive pow
       prelu rad2deg real reciprocal relu relu6 remainder round rsqrt rsub selu sgn sigmoid sign silu sin sinc sinh
       softplus softshrink sqrt square sub subtract tan tanh threshold true_divide trunc view_as_complex view_as_real
       xlogy)",
    // comparisons and choices
    R"(__and__ __or__ __xor__ all allclose any bitwise_and bitwise_not bitwise_or bitwise_xor eq equal ge greater
       greater_equal gt isclose isfinite isinf isnan le less less_equal logical_and logical_not logical_or logical_xor
       lt masked_fill masked_scatter masked_select ne not_equal where)",
    // reductions, sums, order
    R"(amax amin aminmax argmax argmin argsort cdist count_nonzero cummax cummin cumprod cumsum diff dist frobenius_norm
       kthvalue l1_loss logcumsumexp logsumexp max mean median min mse_loss msort nansum norm nuclear_norm
       pairwise_distance pdist prod sort std std_mean sum topk var var_mean)",
    // linear algebra, convolutions, Fourier transforms
    R"(addbmm addmm addmv addr baddbmm bilinear bmm cholesky cholesky_inverse cholesky_solve cross det dot einsum
       fft_fft fft_fft2 fft_fftn fft_ifft fft_ifft2 fft_ifftn fft_irfft fft_irfft2 fft_irfftn fft_rfft fft_rfft2
       fft_rfftn ger inner inverse kron linalg_cholesky linalg_cross linalg_det linalg_eigh linalg_eigvalsh linalg_inv
       linalg_matrix_exp linalg_matrix_norm linalg_norm linalg_qr linalg_slogdet linalg_solve linalg_solve_triangular
       linalg_svd linalg_vector_norm linear logdet matmul matrix_exp mm mv outer slogdet tensordot trace
       triangular_solve)",
    R"(_convolution _weight_norm avg_pool1d avg_pool2d avg_pool3d batch_norm conv1d conv2d conv3d dropout embedding glu group_norm
       layer_norm log_softmax native_layer_norm softmax)",
    // shapes, pieces, places
    R"(T broadcast_tensors broadcast_to cartesian_prod cat chunk clone column_stack concat constant_pad_nd contiguous
       copy detach diag diag_embed diagflat diagonal dstack expand expand_as flatten flip fliplr flipud hstack
       mT matrix_H meshgrid moveaxis movedim narrow narrow_copy numpy_T pad permute ravel repeat repeat_interleave reshape
       reshape_as roll rot90 select slice split split_with_sizes squeeze stack swapaxes swapdims t tensor_split tile
       transpose tril tril_indices triu triu_indices type_as unbind unflatten unfold unsqueeze view view_as vstack)",
    R"(bucketize gather index index_add index_copy index_fill index_put index_select nonzero nonzero_numpy one_hot
       scatter scatter_add scatter_reduce searchsorted take take_along_dim)",
    // new tensors, their types and sizes
    R"(arange as_tensor bool double eye fill float full full_like half int linspace logspace long new_full new_ones
       new_zeros ones ones_like scalar_tensor tensor to zero zeros zeros_like)",
    R"(device dim is_complex is_contiguous is_floating_point is_same_size lift_fresh ndimension numel size)",
    // numbers, lists, tuples, dicts
    R"(Bool Float FloatImplicit Int IntImplicit ScalarImplicit __contains__ __derive_index __getitem__ __is__ __isnot__
       __not__ __range_length _set_item _unwrap_optional append extend fabs floordiv format get insert item items keys
       len list pop reverse str values)"};

// Control flow and data of the language itself.
const char *const language =
    R"(CallFunction CallMethod Constant DictConstruct GetAttr If ListConstruct ListUnpack Loop NumToTensor RaiseException
       TupleConstruct TupleIndex TupleSlice TupleUnpack Uninitialized abs device dtype is_cuda isinstance max min
       rangelist shape unchecked_cast unchecked_unwrap_optional)";

const char *const functions =
    R"(abs all annotate any bool enumerate float getattr hasattr int isinstance len list max min range round str sum
       tuple unchecked_cast unchecked_unwrap_optional uninitialized zip)";

const Names &allowed_aten() {
  static const Names names = [] {
    Names all;
    for (const char *group : tensor_operators) all.merge(words(group));
    return all;
  }();
  return names;
}

bool ends_with(const std::string &text, const std::string &end) {
  return text.size() > end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

} // namespace

bool is_allowed_operator(const std::string &name) {
  static const Names prim = words(language);
  const auto colons = name.find("::");
  const auto space = name.substr(0, colons);
  auto rest = colons == std::string::npos ? "" : name.substr(colons + 2);
  if (space == "nflow") return true; // ours; what is not there is refused elsewhere
  if (space == "prim") return prim.count(rest) > 0;
  if (space != "aten") return false;
  if (allowed_aten().count(rest) > 0) return true;
  // The same in place: exp_.
  return ends_with(rest, "_") && allowed_aten().count(rest.substr(0, rest.size() - 1)) > 0;
}

bool is_allowed_function(const std::string &name) {
  static const Names names = words(functions);
  return names.count(name) > 0 || name == "Exception" || ends_with(name, "Error");
}

int allowed_name_count() {
  return static_cast<int>(allowed_aten().size() + words(language).size() + words(functions).size());
}

void refuse_code(const std::string &path, const std::string &place, const std::string &what) {
  throw Error("model file '" + path + "' " + what + " in " + place +
              ": only what docs/model-contract.md lists is allowed, a model file is data");
}

} // namespace nflow
