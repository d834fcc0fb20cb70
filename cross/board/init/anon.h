/* The peak of a process's anonymous memory, which the kernel does not keep (VmHWM counts files too). */
#ifndef ANON_H
#define ANON_H

#include <stdint.h>
#include <sys/types.h>

/* 0, or -1 with errno. */
int anon_setup(void);
/* From now on the peak is that of this process. */
void anon_watch(pid_t process);
uint64_t anon_peak_pages(void);

#endif
