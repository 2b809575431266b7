#include "CPictures.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_STATIC
#define STBI_ONLY_BMP
#define STBI_NO_STDIO
#define STBI_NO_LINEAR
#define STBI_NO_HDR
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wunused-function"
#include <stb/stb_image.h>
#pragma clang diagnostic pop

hsp_status hsp_bmp_read_pixels(
    const uint8_t *bytes, size_t count, int width, int height, uint8_t *rgb,
    char message[HSP_MESSAGE_SIZE]) {
  int w = 0, h = 0, channels = 0;
  if (count > INT32_MAX) {
    snprintf(message, HSP_MESSAGE_SIZE, "larger than 2 GiB");
    return HSP_UNSUPPORTED;
  }
  stbi_uc *pixels = stbi_load_from_memory(bytes, (int)count, &w, &h, &channels, 3);
  if (!pixels) {
    const char *reason = stbi_failure_reason();
    snprintf(message, HSP_MESSAGE_SIZE, "%s", reason ? reason : "no reason given");
    if (reason && strcmp(reason, "outofmem") == 0) return HSP_NO_MEMORY;
    return reason && strstr(reason, "RLE") ? HSP_UNSUPPORTED : HSP_DAMAGED;
  }
  hsp_status status = HSP_OK;
  if (w == width && h == height) {
    memcpy(rgb, pixels, (size_t)width * (size_t)height * 3);
  } else {
    snprintf(message, HSP_MESSAGE_SIZE, "size %d×%d after a header of %d×%d", w, h, width, height);
    status = HSP_DAMAGED;
  }
  stbi_image_free(pixels);
  return status;
}
