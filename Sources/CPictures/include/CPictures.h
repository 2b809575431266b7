// The parts of Pictures that have to be in C: libjpeg reports errors by longjmp, which must not cross
// Swift frames; and resampling has loops that need the vector types of the C compiler.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
  HSP_OK = 0,
  HSP_TRUNCATED = 1,    // the data ends before the picture does
  HSP_DAMAGED = 2,      // the data contradicts the format
  HSP_UNSUPPORTED = 3,  // sound, as far as one can tell, but of a kind that is not read
  HSP_NO_MEMORY = 4,
} hsp_status;

enum { HSP_MESSAGE_SIZE = 256 };

// JPEG ------------------------------------------------------------------------------------------

// The version in libjpeg's headers, such as "libjpeg-turbo 2.1.5"; the library tells none.
const char *hsp_jpeg_version(void);

typedef struct hsp_jpeg hsp_jpeg;

typedef struct {
  int width, height;   // in stored orientation, before scaling
  int components;      // 1 grey, 3 colour, 4 CMYK or YCCK
  int output_width, output_height;  // after scaling
  int orientation;     // 1...8 as in the Exif or XMP block, 1 if there is none
} hsp_jpeg_header;

// `bytes` must outlive the handle. Null only if memory is out.
hsp_jpeg *hsp_jpeg_open(const uint8_t *bytes, size_t count);
void hsp_jpeg_close(hsp_jpeg *jpeg);

// Reads up to the first scan. The picture will be decoded at 1/2, 1/4 or 1/8 of its size if both sides
// are then still at least `smallest_side`.
hsp_status hsp_jpeg_read_header(hsp_jpeg *jpeg, int smallest_side, hsp_jpeg_header *header);

// Decodes to RGB, interleaved, output_width × output_height × 3 bytes.
hsp_status hsp_jpeg_read_pixels(hsp_jpeg *jpeg, uint8_t *rgb);

// What the last call that did not return HSP_OK has to say: libjpeg's own message.
const char *hsp_jpeg_message(const hsp_jpeg *jpeg);

// The orientation (1...8) in a TIFF block, 1 if it is none of these, 0 if it is not stated (or the
// block is malformed), so that it may be stated elsewhere.
int hsp_exif_orientation(const uint8_t *tiff, size_t count);

// The orientation (1...8) in an XMP packet, 1 if there is none.
int hsp_xmp_orientation(const uint8_t *xmp, size_t count);

// Resampling ------------------------------------------------------------------------------------

// One pass of a separable filter over RGB pixels. For output position o, the taps are
// coefficients[o * taps ..< o * taps + lengths[o]], fixed point with 22 fraction bits, and start at
// input position starts[o].
void hsp_resample_rows(
    const uint8_t *input, int input_width, int rows, uint8_t *output, int output_width,
    const int32_t *starts, const int32_t *lengths, const int32_t *coefficients, int taps);

void hsp_resample_columns(
    const uint8_t *input, int row_bytes, uint8_t *output, int output_height,
    const int32_t *starts, const int32_t *lengths, const int32_t *coefficients, int taps);

// Warping ---------------------------------------------------------------------------------------

// What stands where a pixel comes from outside the picture.
typedef enum {
  HSP_FILL_NEAREST = 0,   // aaaa|abcd|dddd
  HSP_FILL_CONSTANT = 1,  // kkkk|abcd|kkkk
  HSP_FILL_REFLECT = 2,   // dcba|abcd|dcba
  HSP_FILL_WRAP = 3,      // bcda|bcda|bcda, as SciPy has it
} hsp_fill;

// Moves the pixels of an RGB picture: the pixel in row y and column x of the output, which has the
// picture's size, is taken from row map[0] y + map[1] x + map[2] and column map[3] y + map[4] x +
// map[5], interpolated linearly between four pixels. Any numbers are safe, NaN and infinity too.
// The values are those of scipy.ndimage.affine_transform with order 1. HSP_NO_MEMORY or HSP_OK.
hsp_status hsp_warp(
    const uint8_t *rgb, int width, int height, const double map[6], hsp_fill fill, float value,
    float *output);

// Levels ----------------------------------------------------------------------------------------

// The least and the greatest of some finite numbers.
void hsp_extremes(const float *levels, size_t count, float *lowest, float *highest);

// Adds a number to all levels, which stay within limits.
void hsp_shift_levels(float *levels, size_t count, float by, float lowest, float highest);

// Multiplies levels, their fractions cut off before and after, and clamps them to 0...255. If
// `scaled`, `lowest`...`lowest + span` stands for 0...255 before and after.
void hsp_brighten_levels(
    float *levels, size_t count, float factor, int scaled, float lowest, float span);

#ifdef __cplusplus
}
#endif
