#ifndef STEMMA_SCHEMA_VALIDATOR_H
#define STEMMA_SCHEMA_VALIDATOR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/// A compiled JSON Schema; once made it is only read, so any thread may use it.
typedef struct schema_validator schema_validator;

/// Compiles a draft-07 schema that the caller has checked against the meta-schema.
///
/// Returns NULL and stores a text for `schema_validator_free_text` in `error` when it cannot.
schema_validator *schema_validator_create(const char *schema, size_t length, char **error);

void schema_validator_destroy(schema_validator *validator);

/// Receives one violation: a JSON pointer into the document and what is wrong there.
typedef void (*schema_violation_handler)(
    void *context, const char *pointer, size_t pointer_length, const char *text,
    size_t text_length);

/// Validates a JSON document, and hands each violation to the handler, innermost places first.
///
/// Returns 1 when the document is valid, 0 when it is not, and -1 with a text in `error` when it
/// cannot be judged.
int schema_validator_validate(
    const schema_validator *validator, const char *document, size_t length,
    schema_violation_handler handler, void *context, char **error);

/// Returns 1 when a regular expression can be used, else 0 with a text in `error`.
int schema_validator_check_pattern(const char *pattern, size_t length, char **error);

void schema_validator_free_text(char *text);

#ifdef __cplusplus
}
#endif

#endif
