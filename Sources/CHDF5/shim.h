#include <hdf5.h>
#include <stdio.h>
#include <string.h>
#include "driver.h"

// Swift imports neither macros with casts (H5P_DEFAULT), nor macros that call H5open()
// (H5T_NATIVE_FLOAT), nor macros that choose a function's version (H5Lget_info). Each shim below
// stands for one such macro, or for a call that takes a C callback.

// Macros with casts.
static inline hid_t CHDF5_P_DEFAULT(void) { return H5P_DEFAULT; }
static inline hid_t CHDF5_S_ALL(void) { return H5S_ALL; }
static inline unsigned CHDF5_F_ACC_RDONLY(void) { return H5F_ACC_RDONLY; }
static inline unsigned CHDF5_F_ACC_TRUNC(void) { return H5F_ACC_TRUNC; }
static inline size_t CHDF5_T_VARIABLE(void) { return H5T_VARIABLE; }

// Macros that open the library and read a global.
static inline hid_t CHDF5_P_FILE_ACCESS(void) { return H5P_FILE_ACCESS; }
static inline hid_t CHDF5_P_DATASET_CREATE(void) { return H5P_DATASET_CREATE; }
static inline hid_t CHDF5_T_C_S1(void) { return H5T_C_S1; }
static inline hid_t CHDF5_T_NATIVE_FLOAT(void) { return H5T_NATIVE_FLOAT; }
static inline hid_t CHDF5_T_NATIVE_DOUBLE(void) { return H5T_NATIVE_DOUBLE; }
static inline hid_t CHDF5_T_NATIVE_INT8(void) { return H5T_NATIVE_INT8; }
static inline hid_t CHDF5_T_NATIVE_INT16(void) { return H5T_NATIVE_INT16; }
static inline hid_t CHDF5_T_NATIVE_INT32(void) { return H5T_NATIVE_INT32; }
static inline hid_t CHDF5_T_NATIVE_INT64(void) { return H5T_NATIVE_INT64; }
static inline hid_t CHDF5_T_NATIVE_UINT8(void) { return H5T_NATIVE_UINT8; }
static inline hid_t CHDF5_T_NATIVE_UINT16(void) { return H5T_NATIVE_UINT16; }
static inline hid_t CHDF5_T_NATIVE_UINT32(void) { return H5T_NATIVE_UINT32; }
static inline hid_t CHDF5_T_NATIVE_UINT64(void) { return H5T_NATIVE_UINT64; }

// HDF5 before 2.0 has no name for IEEE binary16; these are the fields h5py gives it. The byte
// order is that of H5T_NATIVE_FLOAT, which is the starting point. The caller closes the type.
static inline hid_t CHDF5_create_float16(void) {
  hid_t type = H5Tcopy(H5T_NATIVE_FLOAT);
  if (type < 0) return type;
  if (H5Tset_fields(type, 15, 10, 5, 0, 10) < 0 || H5Tset_size(type, 2) < 0 ||
      H5Tset_ebias(type, 15) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

// Whether a type is IEEE 754's binary16, 32 or 64, in either byte order.
static inline htri_t CHDF5_is_IEEE(hid_t type) {
  const size_t size = H5Tget_size(type);
  if (size != 2 && size != 4 && size != 8) return 0;
  hid_t model = size == 2   ? CHDF5_create_float16()
                : size == 4 ? H5Tcopy(H5T_NATIVE_FLOAT)
                            : H5Tcopy(H5T_NATIVE_DOUBLE);
  if (model < 0) return -1;
  htri_t equal = H5Tset_order(model, H5Tget_order(type)) < 0 ? -1 : H5Tequal(model, type);
  H5Tclose(model);
  return equal;
}

// H5Lget_info is a macro over versions of itself. Returns the link's type, or H5L_TYPE_ERROR.
static inline H5L_type_t CHDF5_link_type(hid_t group, const char *name) {
  H5L_info_t info;
  if (H5Lget_info(group, name, &info, H5P_DEFAULT) < 0) return H5L_TYPE_ERROR;
  return info.type;
}

// Where an object's header lies in its file, which tells objects apart; the maximum if unknown.
static inline uint64_t CHDF5_object_address(hid_t object) {
#if H5_VERSION_GE(1, 12, 0)
  H5O_info2_t info;
  uint64_t address;
  if (H5Oget_info3(object, &info, H5O_INFO_BASIC) < 0) return UINT64_MAX;
  memcpy(&address, &info.token, sizeof address);
  return address;
#else
  H5O_info_t info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) < 0 ? UINT64_MAX : info.addr;
#endif
}

struct CHDF5_members {
  int (*take)(const char *name, void *context);
  void *context;
};

static inline herr_t CHDF5_take_member(hid_t group, const char *name, const H5L_info_t *info,
                                       void *data) {
  (void)group, (void)info;
  const struct CHDF5_members *members = (const struct CHDF5_members *)data;
  return members->take(name, members->context);
}

// Gives the name of each member to a function, which ends the walk by returning 1.
static inline herr_t CHDF5_for_each_member(hid_t group, int (*take)(const char *, void *),
                                           void *context) {
  struct CHDF5_members members = {take, context};
  return H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, NULL, CHDF5_take_member, &members);
}

// The rest of HDF5's error reporting works through callbacks.
static inline void CHDF5_silence_errors(void) { H5Eset_auto2(H5E_DEFAULT, NULL, NULL); }

struct CHDF5_message {
  char *text;
  size_t size;
};

static inline herr_t CHDF5_keep_innermost(unsigned n, const H5E_error2_t *error, void *data) {
  (void)n;
  struct CHDF5_message *message = (struct CHDF5_message *)data;
  if (error->desc && error->desc[0]) snprintf(message->text, message->size, "%s", error->desc);
  return 0;
}

// Copies the innermost description of the error stack, which names the cause, and clears it.
static inline void CHDF5_take_error(char *text, size_t size) {
  struct CHDF5_message message = {text, size};
  if (size) text[0] = 0;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, CHDF5_keep_innermost, &message);
  H5Eclear2(H5E_DEFAULT);
}

// Texts of variable length lie in the file's global heap, and the stored value is a reference to
// it. H5Aread follows references without checking them (HDF5 1.10: H5HG_read indexes its table with
// whatever the file says), so that a damaged file can crash the process. Registering a conversion
// to a 16-byte opaque type that changes nothing lets H5Aread hand out the references themselves.

#define CHDF5_REFERENCE_TAG "headstart: reference into the global heap"
#define CHDF5_REFERENCE_SIZE 16  // length (4), address (8), index (4)

static inline hid_t CHDF5_create_reference_type(void) {
  hid_t type = H5Tcreate(H5T_OPAQUE, CHDF5_REFERENCE_SIZE);
  if (type >= 0 && H5Tset_tag(type, CHDF5_REFERENCE_TAG) < 0) {
    H5Tclose(type);
    return -1;
  }
  return type;
}

static inline herr_t CHDF5_keep_references(hid_t source, hid_t target, H5T_cdata_t *data,
                                           size_t count, size_t buffer_stride,
                                           size_t background_stride, void *buffer,
                                           void *background, hid_t transfer) {
  (void)count, (void)buffer_stride, (void)background_stride;
  (void)buffer, (void)background, (void)transfer;
  if (data->command != H5T_CONV_INIT) return 0;
  // Only for the type above: any other opaque type stays without a conversion, as it was.
  char *tag = H5Tget_tag(target);
  int is_ours = tag && strcmp(tag, CHDF5_REFERENCE_TAG) == 0;
  H5free_memory(tag);
  data->need_bkg = H5T_BKG_NO;
  return is_ours && H5Tis_variable_str(source) > 0 && H5Tget_size(source) == CHDF5_REFERENCE_SIZE
             ? 0
             : -1;
}

static inline herr_t CHDF5_register_references(void) {
  hid_t text = H5Tcopy(H5T_C_S1);
  hid_t reference = CHDF5_create_reference_type();
  herr_t status = -1;
  if (text >= 0 && reference >= 0 && H5Tset_size(text, H5T_VARIABLE) >= 0) {
    status = H5Tregister(H5T_PERS_SOFT, "headstart references", text, reference,
                         CHDF5_keep_references);
  }
  if (text >= 0) H5Tclose(text);
  if (reference >= 0) H5Tclose(reference);
  return status;
}
