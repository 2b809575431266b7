#include "CPictures.h"

#include <string.h>

static unsigned read16(const uint8_t *p, int little) {
  return little ? (unsigned)(p[0] | p[1] << 8) : (unsigned)(p[0] << 8 | p[1]);
}

static uint32_t read32(const uint8_t *p, int little) {
  return little ? read16(p, 1) | (uint32_t)read16(p + 2, 1) << 16
                : (uint32_t)read16(p, 0) << 16 | read16(p + 2, 0);
}

// TIFF 6.0: byte order, 42, offset of the first directory; a directory is a count of 12-byte entries
// (tag, type, count, value).
int hsp_exif_orientation(const uint8_t *tiff, size_t count) {
  enum { ORIENTATION = 0x0112, SHORT = 3, LONG = 4 };
  if (count < 8) return 0;
  int little = tiff[0] == 'I' && tiff[1] == 'I';
  if (!little && !(tiff[0] == 'M' && tiff[1] == 'M')) return 0;
  if (read16(tiff + 2, little) != 42) return 0;
  size_t directory = read32(tiff + 4, little);
  if (directory > count - 2) return 0;
  size_t entries = read16(tiff + directory, little);
  size_t room = (count - directory - 2) / 12;
  if (entries > room) entries = room;
  for (size_t i = 0; i < entries; i++) {
    const uint8_t *entry = tiff + directory + 2 + 12 * i;
    if (read16(entry, little) != ORIENTATION) continue;
    if (read32(entry + 4, little) != 1) return 1;
    uint32_t value;
    switch (read16(entry + 2, little)) {
      case SHORT: value = read16(entry + 8, little); break;
      case LONG: value = read32(entry + 8, little); break;
      default: return 1;
    }
    return value >= 1 && value <= 8 ? (int)value : 1;
  }
  return 0;
}

// XMP states it as an attribute (tiff:Orientation="6") or an element (tiff:Orientation>6<).
int hsp_xmp_orientation(const uint8_t *xmp, size_t count) {
  static const char name[] = "tiff:Orientation";
  const size_t length = sizeof name - 1;
  for (size_t i = 0; i + length + 2 < count; i++) {
    if (xmp[i] != 't' || memcmp(xmp + i, name, length) != 0) continue;
    const uint8_t *p = xmp + i + length;
    if (p[0] == '=' && p[1] == '"') p += 2;
    else if (p[0] == '>') p += 1;
    else continue;
    if (p < xmp + count && *p >= '1' && *p <= '8') return *p - '0';
  }
  return 1;
}
