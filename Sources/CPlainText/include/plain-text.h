#ifndef PLAIN_TEXT_H
#define PLAIN_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

// The bytes of texts that JSON writes as they are: all but those below 0x20, quotation marks and
// backslashes. It is in C since Swift's own vectors take many times as long.

static inline int plain_text_is_plain(uint8_t byte) {
  return byte >= 0x20 && byte != '"' && byte != '\\';
}

// How many of eight bytes come before the first that is not plain; they are copied unless `to` is null.
static inline size_t plain_text_eight(const uint8_t *from, uint8_t *to) {
  uint64_t word;
  memcpy(&word, from, 8);
  if (to) memcpy(to, &word, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  word = __builtin_bswap64(word);
#endif
  const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
  const uint64_t quote = word ^ ones * '"', backslash = word ^ ones * '\\';
  // The high bit of each byte to be found, and perhaps of some behind it.
  const uint64_t marks = (((word - ones * 0x20) & ~word) | ((quote - ones) & ~quote) |
                          ((backslash - ones) & ~backslash)) & highs;
  return marks ? (size_t)__builtin_ctzll(marks) / 8 : 8;
}

#if defined(__SSE2__)
// The same of sixteen bytes.
static inline size_t plain_text_sixteen(const uint8_t *from, uint8_t *to) {
  const __m128i text = _mm_loadu_si128((const __m128i *)from);
  if (to) _mm_storeu_si128((__m128i *)to, text);
  const __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(text, _mm_set1_epi8(0x1F)), text);
  const __m128i quote = _mm_cmpeq_epi8(text, _mm_set1_epi8('"'));
  const __m128i backslash = _mm_cmpeq_epi8(text, _mm_set1_epi8('\\'));
  const int marks = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, backslash)));
  return marks ? (size_t)__builtin_ctz((unsigned)marks) : 16;
}
#endif

// How many bytes come before the first that is not plain.
//
// They are copied to `to` unless that is null; bytes behind them may be too, up to `count` in all.
static inline size_t plain_text_copy(const uint8_t *from, size_t count, uint8_t *to) {
  size_t place = 0;
#if defined(__SSE2__)
  for (; count - place >= 16; place += 16) {
    const size_t length = plain_text_sixteen(from + place, to ? to + place : to);
    if (length < 16) return place + length;
  }
#endif
  for (; count - place >= 8; place += 8) {
    const size_t length = plain_text_eight(from + place, to ? to + place : to);
    if (length < 8) return place + length;
  }
  if (place < count && count >= 8) {
    // The last eight, of which the first are known to be plain.
    return count - 8 + plain_text_eight(from + count - 8, to ? to + count - 8 : to);
  }
  for (; place < count && plain_text_is_plain(from[place]); place++) {
    if (to) to[place] = from[place];
  }
  return place;
}

// Writes text as it stands between the quotation marks of JSON: six bytes for each at most, behind
// which nothing is touched. Returns how many were written.
static inline size_t plain_text_write(const uint8_t *from, size_t count, uint8_t *to) {
  static const char digits[] = "0123456789abcdef";
  uint8_t *const start = to;
  size_t place = 0;
  for (;;) {
    const size_t length = plain_text_copy(from + place, count - place, to);
    place += length;
    to += length;
    if (place == count) return (size_t)(to - start);
    const uint8_t byte = from[place++];
    *to++ = '\\';
    switch (byte) {
      case '\b': *to++ = 'b'; break;
      case '\t': *to++ = 't'; break;
      case '\n': *to++ = 'n'; break;
      case '\f': *to++ = 'f'; break;
      case '\r': *to++ = 'r'; break;
      case '"':
      case '\\': *to++ = byte; break;
      default:
        memcpy(to, "u00", 3);
        to[3] = digits[byte >> 4];
        to[4] = digits[byte & 15];
        to += 5;
    }
  }
}

#endif
