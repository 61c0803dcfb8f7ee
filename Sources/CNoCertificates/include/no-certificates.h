#ifndef STEMMA_NO_CERTIFICATES_H
#define STEMMA_NO_CERTIFICATES_H

int mbedtls_x509_crt_parse_file(void *chain, const char *path);

#endif
