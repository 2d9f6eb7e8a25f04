# Finds MPI, LibTorch, and the small libraries, and says what to install where one is missing.
find_package(Threads REQUIRED)
find_package(MPI QUIET COMPONENTS CXX)
if(NOT MPI_CXX_FOUND)
  message(FATAL_ERROR "MPI was not found: install libopenmpi-dev, or put mpicxx on the PATH.")
endif()

# LibTorch looks for its other half, Caffe2, by itself, and would take that of another installation.
if(Torch_DIR)
  get_filename_component(torch_prefix "${Torch_DIR}/../../.." ABSOLUTE)
  list(PREPEND CMAKE_PREFIX_PATH "${torch_prefix}")
endif()
find_package(Torch QUIET)
if(NOT Torch_FOUND)
  message(FATAL_ERROR "LibTorch was not found: install libtorch-dev, or point CMAKE_PREFIX_PATH (or Torch_DIR) at a "
    "LibTorch of your own, for a pip one: python3 -c 'import torch; print(torch.utils.cmake_prefix_path)'.")
endif()
if(Torch_VERSION AND Torch_VERSION VERSION_LESS 1.13)
  message(FATAL_ERROR "LibTorch ${Torch_VERSION} was found in ${Torch_DIR}, but 1.13 or newer is needed.")
endif()
if(TORCH_CXX_FLAGS MATCHES "_GLIBCXX_USE_CXX11_ABI=0")
  message(FATAL_ERROR "The LibTorch in ${Torch_DIR} uses the old C++ ABI (_GLIBCXX_USE_CXX11_ABI=0), LAMMPS and this "
    "compiler the new one: take the 'cxx11 ABI' download of LibTorch.")
endif()

nflow_standard_of_torch(torch_standard)
nflow_needs_standard(${torch_standard} "LibTorch ${Torch_VERSION} in ${Torch_DIR}")

# One interface target for everything that includes LibTorch; as a system include it brings no warnings.
add_library(nflow_torch INTERFACE)
target_include_directories(nflow_torch SYSTEM INTERFACE ${TORCH_INCLUDE_DIRS})
target_link_libraries(nflow_torch INTERFACE ${TORCH_LIBRARIES} ${CMAKE_DL_LIBS})
# Older versions say this to whoever links them, newer ones no longer: precompiled headers serve files with the same
# definitions alone.
target_compile_options(nflow_torch INTERFACE -D_GLIBCXX_USE_CXX11_ABI=1)

find_package(nlohmann_json QUIET)
if(NOT nlohmann_json_FOUND)
  message(FATAL_ERROR "nlohmann-json was not found: install nlohmann-json3-dev.")
endif()
find_path(RANDOM123_INCLUDE_DIR Random123/philox.h)
if(NOT RANDOM123_INCLUDE_DIR)
  message(FATAL_ERROR "Random123 was not found: install librandom123-dev.")
endif()
find_path(XSIMD_INCLUDE_DIR xsimd/xsimd.hpp)
if(NOT XSIMD_INCLUDE_DIR)
  message(FATAL_ERROR "xsimd was not found: install libxsimd-dev.")
endif()
find_package(CLI11 QUIET)
find_package(ZLIB QUIET)
if(NOT CLI11_FOUND OR NOT ZLIB_FOUND)
  message(FATAL_ERROR "The programs need CLI11 and zlib: install libcli11-dev and zlib1g-dev.")
endif()

# Every target of ours compiles without warnings.
add_library(nflow_options INTERFACE)
target_compile_options(nflow_options INTERFACE -Wall -Wextra)
target_include_directories(nflow_options INTERFACE ${CMAKE_SOURCE_DIR}/src)
