#include "CPictures.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

// A progressive file may hold any number of scans, each of which costs a pass over the whole picture.
// Real ones have about ten; libjpeg-turbo's own fuzzers stop at 500.
enum { MAXIMUM_SCANS = 500 };

struct hsp_jpeg {
  struct jpeg_decompress_struct info;
  struct jpeg_error_mgr errors;
  struct jpeg_source_mgr source;
  struct jpeg_progress_mgr progress;
  jmp_buf escape;
  int has_all_rows;
  hsp_status status;
  char message[HSP_MESSAGE_SIZE];
};

static hsp_jpeg *handle(j_common_ptr info) { return (hsp_jpeg *)info->client_data; }

static _Noreturn void escape(hsp_jpeg *jpeg, hsp_status status) {
  jpeg->status = status;
  longjmp(jpeg->escape, 1);
}

static _Noreturn void error_exit(j_common_ptr info) {
  hsp_jpeg *jpeg = handle(info);
  char message[JMSG_LENGTH_MAX];
  info->err->format_message(info, message);
  snprintf(jpeg->message, sizeof jpeg->message, "%s", message);
  switch (info->err->msg_code) {
    case JERR_OUT_OF_MEMORY:
      escape(jpeg, HSP_NO_MEMORY);
    case JERR_BAD_PRECISION:
    case JERR_SOF_UNSUPPORTED:
    case JERR_ARITH_NOTIMPL:
    case JERR_NOT_COMPILED:
    case JERR_CONVERSION_NOTIMPL:
    case JERR_CCIR601_NOTIMPL:
    case JERR_FRACT_SAMPLE_NOTIMPL:
    case JERR_NOTIMPL:
      escape(jpeg, HSP_UNSUPPORTED);
    default:
      escape(jpeg, HSP_DAMAGED);
  }
}

// Warnings are counted by libjpeg and not printed: PIL reads such pictures too.
static void output_message(j_common_ptr info) { (void)info; }

static _Noreturn void out_of_data(hsp_jpeg *jpeg) {
  snprintf(jpeg->message, sizeof jpeg->message, "the data ends before the picture does");
  escape(jpeg, HSP_TRUNCATED);
}

static void init_source(j_decompress_ptr info) { (void)info; }
static void term_source(j_decompress_ptr info) { (void)info; }

// The whole file is in memory from the start, so that being asked for more means it is cut short.
static boolean fill_input_buffer(j_decompress_ptr info) {
  hsp_jpeg *jpeg = handle((j_common_ptr)info);
  if (jpeg->has_all_rows) return FALSE;
  out_of_data(jpeg);
}

static void skip_input_data(j_decompress_ptr info, long count) {
  if (count <= 0) return;
  if ((size_t)count > info->src->bytes_in_buffer) {
    hsp_jpeg *jpeg = handle((j_common_ptr)info);
    if (!jpeg->has_all_rows) out_of_data(jpeg);
    count = (long)info->src->bytes_in_buffer;
  }
  info->src->next_input_byte += count;
  info->src->bytes_in_buffer -= (size_t)count;
}

static void progress_monitor(j_common_ptr info) {
  if (!info->is_decompressor) return;
  if (((j_decompress_ptr)info)->input_scan_number > MAXIMUM_SCANS) {
    hsp_jpeg *jpeg = handle(info);
    snprintf(jpeg->message, sizeof jpeg->message, "more than %d scans", MAXIMUM_SCANS);
    escape(jpeg, HSP_DAMAGED);
  }
}

hsp_jpeg *hsp_jpeg_open(const uint8_t *bytes, size_t count) {
  hsp_jpeg *jpeg = calloc(1, sizeof *jpeg);
  if (!jpeg) return NULL;
  jpeg->info.err = jpeg_std_error(&jpeg->errors);
  jpeg->errors.error_exit = error_exit;
  jpeg->errors.output_message = output_message;
  jpeg->info.client_data = jpeg;
  if (setjmp(jpeg->escape)) {
    free(jpeg);
    return NULL;
  }
  jpeg_create_decompress(&jpeg->info);
  jpeg->source.next_input_byte = bytes;
  jpeg->source.bytes_in_buffer = count;
  jpeg->source.init_source = init_source;
  jpeg->source.fill_input_buffer = fill_input_buffer;
  jpeg->source.skip_input_data = skip_input_data;
  jpeg->source.resync_to_restart = jpeg_resync_to_restart;
  jpeg->source.term_source = term_source;
  jpeg->info.src = &jpeg->source;
  jpeg->progress.progress_monitor = progress_monitor;
  jpeg->info.progress = &jpeg->progress;
  return jpeg;
}

void hsp_jpeg_close(hsp_jpeg *jpeg) {
  if (!jpeg) return;
  jpeg_destroy_decompress(&jpeg->info);
  free(jpeg);
}

const char *hsp_jpeg_message(const hsp_jpeg *jpeg) { return jpeg->message; }

static int stored_orientation(j_decompress_ptr info) {
  static const char exif[] = "Exif\0";                           // and a second zero byte
  static const char xmp[] = "http://ns.adobe.com/xap/1.0/";      // and its zero byte
  int in_exif = 0, in_xmp = 1;
  for (jpeg_saved_marker_ptr m = info->marker_list; m; m = m->next) {
    if (!in_exif && m->data_length > 6 && memcmp(m->data, exif, 6) == 0)
      in_exif = hsp_exif_orientation(m->data + 6, m->data_length - 6);
    if (m->data_length > sizeof xmp && memcmp(m->data, xmp, sizeof xmp) == 0)
      in_xmp = hsp_xmp_orientation(m->data + sizeof xmp, m->data_length - sizeof xmp);
  }
  return in_exif ? in_exif : in_xmp;
}

hsp_status hsp_jpeg_read_header(hsp_jpeg *jpeg, int smallest_side, hsp_jpeg_header *header) {
  j_decompress_ptr info = &jpeg->info;
  if (setjmp(jpeg->escape)) return jpeg->status;
  jpeg_save_markers(info, JPEG_APP0 + 1, 0xFFFF);
  jpeg_read_header(info, TRUE);
  unsigned side = info->image_width < info->image_height ? info->image_width : info->image_height;
  info->scale_num = 1;
  info->scale_denom = 8;
  while (info->scale_denom > 1 && side / info->scale_denom < (unsigned)smallest_side)
    info->scale_denom /= 2;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  switch (info->num_components) {
    case 1:
    case 3:
      info->out_color_space = JCS_RGB;
      break;
    case 4:
      info->out_color_space = JCS_CMYK;
      break;
    default:
      snprintf(jpeg->message, sizeof jpeg->message, "%d components", info->num_components);
      return HSP_UNSUPPORTED;
  }
  jpeg_calc_output_dimensions(info);
  *header = (hsp_jpeg_header){
      .width = (int)info->image_width,
      .height = (int)info->image_height,
      .components = info->num_components,
      .output_width = (int)info->output_width,
      .output_height = (int)info->output_height,
      .orientation = stored_orientation(info),
  };
  return HSP_OK;
}

// a × b / 255, rounded, for a and b in 0...255 (PIL's MULDIV255).
static unsigned multiply_divide_255(unsigned a, unsigned b) {
  unsigned t = a * b + 128;
  return ((t >> 8) + t) >> 8;
}

// Adobe's programs store CMYK inverted, and PIL takes every CMYK JPEG to be so.
static void inverted_cmyk_to_rgb(const uint8_t *cmyk, uint8_t *rgb, size_t count) {
  for (size_t i = 0; i < count; i++, cmyk += 4, rgb += 3) {
    unsigned white = cmyk[3];
    for (int c = 0; c < 3; c++) {
      int value = (int)white - (int)multiply_divide_255(255u - cmyk[c], white);
      rgb[c] = (uint8_t)(value < 0 ? 0 : value);
    }
  }
}

hsp_status hsp_jpeg_read_pixels(hsp_jpeg *jpeg, uint8_t *rgb) {
  j_decompress_ptr info = &jpeg->info;
  if (setjmp(jpeg->escape)) return jpeg->status;
  jpeg_start_decompress(info);
  size_t row_bytes = (size_t)info->output_width * 3;
  if (info->output_components == 3) {
    while (info->output_scanline < info->output_height) {
      JSAMPROW row = rgb + info->output_scanline * row_bytes;
      jpeg_read_scanlines(info, &row, 1);
    }
  } else {
    // Allocated in libjpeg's pool, so that it goes with the picture even when an error jumps out.
    JSAMPARRAY cmyk = info->mem->alloc_sarray(
        (j_common_ptr)info, JPOOL_IMAGE, (JDIMENSION)info->output_width * 4, 1);
    while (info->output_scanline < info->output_height) {
      uint8_t *row = rgb + info->output_scanline * row_bytes;
      jpeg_read_scanlines(info, cmyk, 1);
      inverted_cmyk_to_rgb(cmyk[0], row, info->output_width);
    }
  }
  // Behind the last row PIL refuses what is damaged, but does without an end marker.
  jpeg->has_all_rows = 1;
  jpeg_finish_decompress(info);
  return HSP_OK;
}

#define HSP_TEXT(value) #value
#define HSP_VALUE_TEXT(macro) HSP_TEXT(macro)

const char *hsp_jpeg_version(void) {
#ifdef LIBJPEG_TURBO_VERSION
  return "libjpeg-turbo " HSP_VALUE_TEXT(LIBJPEG_TURBO_VERSION);
#else
  return "libjpeg " HSP_VALUE_TEXT(JPEG_LIB_VERSION);
#endif
}
