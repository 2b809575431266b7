#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#if __has_include(<H5FDdevelop.h>)
#include <H5FDdevelop.h>
#endif

// A file driver of libhdf5 for reading files that are not trusted. HDF5's own (1.10) copies from
// addresses that no file has, in its metadata accumulator, which this one does not ask for; and
// libhdf5 believes the sizes in local heaps and B-trees, and goes round in circles in them, so that
// these are checked here, in each block on its way to it (HDF5 File Format Specification, III.A to
// III.D). Addresses and lengths have 8 bytes: the caller has looked.

// What the access property list carries. HDF5 never sees the list's own of another file, so that
// none but the one open here is ever read: not by external links, nor by virtual datasets.
struct CHDF5_source {
  int descriptor;
};

struct CHDF5_file {
  H5FD_t base;  // libhdf5's part, which must come first
  int descriptor;
  haddr_t end, allocated;
  unsigned long reads_left;
};

static inline herr_t CHDF5_refuse(const char *reason) {
  H5Epush2(H5E_DEFAULT, __FILE__, __func__, __LINE__, H5E_ERR_CLS, H5E_IO, H5E_READERROR, "%s",
           reason);
  return -1;
}

static inline uint64_t CHDF5_number(const unsigned char *bytes, int count) {
  uint64_t value = 0;
  for (int i = count; i-- > 0;) value = value << 8 | bytes[i];
  return value;
}

// Whether some bytes lie within the file, without an overflow.
static inline int CHDF5_holds(const struct CHDF5_file *file, haddr_t address, uint64_t size) {
  return size <= file->end && address <= file->end - size;
}

static inline herr_t CHDF5_fetch(struct CHDF5_file *file, haddr_t address, size_t size,
                                 void *buffer) {
  if (!CHDF5_holds(file, address, size)) return CHDF5_refuse("an address beyond the end of the file");
  char *bytes = (char *)buffer;
  while (size > 0) {
    // Linux reads at most 2 GB at a time.
    ssize_t count = pread(file->descriptor, bytes, size < 1 << 30 ? size : 1 << 30, (off_t)address);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) {
      char text[32];
      snprintf(text, sizeof text, "errno = %d", count < 0 ? errno : EIO);
      return CHDF5_refuse(text);
    }
    bytes += count, address += (haddr_t)count, size -= (size_t)count;
  }
  return 0;
}

// Structure at addresses relative to the superblock's.
static inline herr_t CHDF5_fetch_structure(struct CHDF5_file *file, haddr_t address, size_t size,
                                           void *buffer) {
  if (address > file->end) return CHDF5_refuse("an address beyond the end of the file");
  if (file->reads_left == 0) return CHDF5_refuse("structure without end");
  file->reads_left -= 1;
  return CHDF5_fetch(file, address + file->base.base_addr, size, buffer);
}

// A local heap: “HEAP”, version, size of its data, first free block, address of the data. A free
// block begins with the next one's offset, 1 for none, and its own size.
static inline herr_t CHDF5_check_heap(struct CHDF5_file *file, const unsigned char *block) {
  const uint64_t size = CHDF5_number(block + 8, 8), data = CHDF5_number(block + 24, 8);
  uint64_t next = CHDF5_number(block + 16, 8);
  if (data > file->end || !CHDF5_holds(file, data + file->base.base_addr, size)) {
    return CHDF5_refuse("a local heap beyond the end of the file");
  }
  for (int blocks = 0; next != 1; blocks++) {
    unsigned char fields[16];
    if (blocks > 4096 || size < sizeof fields || next > size - sizeof fields) {
      return CHDF5_refuse("free blocks outside their local heap, or in a circle");
    }
    if (CHDF5_fetch_structure(file, data + next, sizeof fields, fields) < 0) return -1;
    if (CHDF5_number(fields + 8, 8) > size - next) {
      return CHDF5_refuse("a free block larger than its local heap");
    }
    next = CHDF5_number(fields, 8);
  }
  return 0;
}

// A node of a B-tree of version 1: “TREE”, 0 for groups or 1 for chunks, level, count, neighbours,
// then keys and children in turns. A child's level is one less, so that no path is a circle.
static inline herr_t CHDF5_check_tree(struct CHDF5_file *file, const unsigned char *block,
                                      size_t size) {
  const unsigned level = block[5];
  const size_t count = (size_t)CHDF5_number(block + 6, 2);
  size_t key = 8;
  if (block[4] != 0) {
    // The key of a chunk depends on the dataset's rank, the node's size on both; 64 children.
    if (size < 24 + 64 * 8) return CHDF5_refuse("a small node of a B-tree");
    key = (size - 24 - 64 * 8) / 65;
    if (level > 0 && (key * 65 + 24 + 64 * 8 != size || key % 8 != 0)) {
      return CHDF5_refuse("a B-tree with other than 64 children a node");
    }
    if (level == 0) key = 0;
  }
  if (level > 4) return CHDF5_refuse("a B-tree of more than five levels");
  // Nodes may share children: what counts is how many ways lead down.
  const size_t capacity = block[4] != 0 ? 64 : (size - 24) / (key + 8);
  uint64_t ways = 1;
  for (unsigned i = 0; i <= level; i++) {
    ways *= capacity;
    if (ways > (uint64_t)1 << 24) return CHDF5_refuse("a B-tree of too many branches");
  }
  if (count > (size - 24) / (key + 8)) return CHDF5_refuse("a node of a B-tree with too many children");
  for (size_t i = 0; level > 0 && i < count; i++) {
    unsigned char child[8];
    const haddr_t address = CHDF5_number(block + 24 + key + i * (key + 8), 8);
    if (CHDF5_fetch_structure(file, address, sizeof child, child) < 0) return -1;
    if (memcmp(child, "TREE", 4) != 0 || child[4] != block[4] || child[5] != level - 1) {
      return CHDF5_refuse("a B-tree whose branches are none of its own");
    }
  }
  return 0;
}

static inline herr_t CHDF5_check_block(struct CHDF5_file *file, const unsigned char *block,
                                       size_t size) {
  if (size >= 32 && memcmp(block, "HEAP", 4) == 0) return CHDF5_check_heap(file, block);
  if (size >= 40 && memcmp(block, "TREE", 4) == 0) return CHDF5_check_tree(file, block, size);
  // A node of symbols: “SNOD”, version, count, then 40 bytes each.
  if (size >= 8 && memcmp(block, "SNOD", 4) == 0 && CHDF5_number(block + 6, 2) > (size - 8) / 40) {
    return CHDF5_refuse("more symbols than their node has room for");
  }
  return 0;
}

// MARK: What libhdf5 calls

static inline H5FD_t *CHDF5_file_open(const char *name, unsigned flags, hid_t access,
                                      haddr_t largest) {
  (void)name, (void)largest;
  const struct CHDF5_source *source = (const struct CHDF5_source *)H5Pget_driver_info(access);
  struct stat status;
  struct CHDF5_file *file = NULL;
  int descriptor = -1;
  if (!source || flags & (H5F_ACC_RDWR | H5F_ACC_TRUNC | H5F_ACC_CREAT)) goto failed;
  descriptor = fcntl(source->descriptor, F_DUPFD_CLOEXEC, 0);
  if (descriptor < 0 || fstat(descriptor, &status) < 0 || !S_ISREG(status.st_mode)) goto failed;
  file = (struct CHDF5_file *)calloc(1, sizeof *file);
  if (!file) goto failed;
  file->descriptor = descriptor;
  file->end = (haddr_t)status.st_size;
  // Blocks that went out of HDF5's cache are read again, hence the plenty.
  file->reads_left = 1000000 + (unsigned long)(file->end / 64);
  return &file->base;
failed:
  if (descriptor >= 0) close(descriptor);
  CHDF5_refuse("a file that is not to be opened");
  return NULL;
}

static inline herr_t CHDF5_file_close(H5FD_t *base) {
  close(((struct CHDF5_file *)base)->descriptor);
  free(base);
  return 0;
}

static inline herr_t CHDF5_file_query(const H5FD_t *base, unsigned long *flags) {
  (void)base;
  *flags = H5FD_FEAT_IGNORE_DRVRINFO;
  return 0;
}

static inline haddr_t CHDF5_file_allocated(const H5FD_t *base, H5FD_mem_t type) {
  (void)type;
  return ((const struct CHDF5_file *)base)->allocated;
}

static inline herr_t CHDF5_file_allocate(H5FD_t *base, H5FD_mem_t type, haddr_t address) {
  (void)type;
  ((struct CHDF5_file *)base)->allocated = address;
  return 0;
}

static inline haddr_t CHDF5_file_end(const H5FD_t *base, H5FD_mem_t type) {
  (void)type;
  return ((const struct CHDF5_file *)base)->end;
}

static inline herr_t CHDF5_file_handle(H5FD_t *base, hid_t access, void **handle) {
  (void)access;
  *handle = &((struct CHDF5_file *)base)->descriptor;
  return 0;
}

static inline herr_t CHDF5_file_read(H5FD_t *base, H5FD_mem_t type, hid_t transfer,
                                     haddr_t address, size_t size, void *buffer) {
  (void)transfer;
  struct CHDF5_file *file = (struct CHDF5_file *)base;
  if (type == H5FD_MEM_DRAW) return CHDF5_fetch(file, address, size, buffer);
  if (address < base->base_addr) return CHDF5_refuse("an address before the file's beginning");
  if (CHDF5_fetch_structure(file, address - base->base_addr, size, buffer) < 0) return -1;
  return CHDF5_check_block(file, (const unsigned char *)buffer, size);
}

static inline herr_t CHDF5_file_write(H5FD_t *base, H5FD_mem_t type, hid_t transfer,
                                      haddr_t address, size_t size, const void *buffer) {
  (void)base, (void)type, (void)transfer, (void)address, (void)size, (void)buffer;
  return -1;
}

// As HDF5's own driver: another process may not be writing, unless the file system has no locks.
static inline herr_t CHDF5_file_lock(H5FD_t *base, hbool_t exclusive) {
  const int descriptor = ((struct CHDF5_file *)base)->descriptor;
  if (flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0) return 0;
  return errno == EWOULDBLOCK ? CHDF5_refuse("a file that is being written") : 0;
}

static inline herr_t CHDF5_file_unlock(H5FD_t *base) {
  flock(((struct CHDF5_file *)base)->descriptor, LOCK_UN);
  return 0;
}

// Registers the driver, once; its identifier.
static inline hid_t CHDF5_register_driver(void) {
  static const H5FD_class_t driver = {
#ifdef H5FD_CLASS_VERSION
      .version = H5FD_CLASS_VERSION,
      .value = (H5FD_class_value_t)600,
#endif
      .name = "headstart",
      .maxaddr = INT64_MAX,
      .fc_degree = H5F_CLOSE_STRONG,
      .fapl_size = sizeof(struct CHDF5_source),
      .open = CHDF5_file_open,
      .close = CHDF5_file_close,
      .query = CHDF5_file_query,
      .get_eoa = CHDF5_file_allocated,
      .set_eoa = CHDF5_file_allocate,
      .get_eof = CHDF5_file_end,
      .get_handle = CHDF5_file_handle,
      .read = CHDF5_file_read,
      .write = CHDF5_file_write,
      .lock = CHDF5_file_lock,
      .unlock = CHDF5_file_unlock,
      .fl_map = H5FD_FLMAP_SINGLE,
  };
  return H5FDregister(&driver);
}

// Makes an access list open the file of a descriptor, which may be closed afterwards, and nothing
// else: no external link is followed.
static inline herr_t CHDF5_set_source(hid_t access, hid_t driver, int descriptor) {
  const struct CHDF5_source source = {descriptor};
  return H5Pset_driver(access, driver, &source);
}

static inline herr_t CHDF5_refuse_link(const char *parent, const char *group, const char *file,
                                       const char *object, unsigned *flags, hid_t access,
                                       void *data) {
  (void)parent, (void)group, (void)file, (void)object, (void)flags, (void)access, (void)data;
  return -1;
}

// A list of link access with which no external link is followed; the caller closes it.
static inline hid_t CHDF5_create_link_access(void) {
  hid_t list = H5Pcreate(H5P_LINK_ACCESS);
  if (list >= 0 && H5Pset_elink_cb(list, CHDF5_refuse_link, NULL) < 0) {
    H5Pclose(list);
    return -1;
  }
  return list;
}
