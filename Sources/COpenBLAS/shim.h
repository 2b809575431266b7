#pragma once
#include <cblas.h>
#include <stddef.h>

// Debian's OpenBLAS package holds LAPACK's Fortran entry points but installs no header for them.
// Every character argument is followed, at the end of the list, by its hidden length (always 1).

// Cholesky factor of a symmetric positive definite matrix.
void dpotrf_(const char *uplo, const int *n, double *a, const int *lda, int *info, size_t);

// Solves with the factor that dpotrf_ made.
void dpotrs_(
    const char *uplo, const int *n, const int *nrhs, const double *a, const int *lda, double *b,
    const int *ldb, int *info, size_t);

// Eigenvalues and eigenvectors of a symmetric matrix, by divide and conquer.
void dsyevd_(
    const char *jobz, const char *uplo, const int *n, double *a, const int *lda, double *w,
    double *work, const int *lwork, int *iwork, const int *liwork, int *info, size_t, size_t);
