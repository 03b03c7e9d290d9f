/* How often the calling thread has asked for memory, by any allocating function of libc, ever. A program that links this has
 * its own functions in front of glibc's. */
#ifndef COUNTED_MEMORY_H
#define COUNTED_MEMORY_H

long counted_allocations(void);

#endif
