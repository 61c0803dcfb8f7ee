#ifdef __cplusplus
extern "C"
#endif
int v(void);
