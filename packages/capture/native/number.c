/*
 * Numbers for objects. A snapshot tells each object by a number that V8 gives it when a snapshot first sees it; what a
 * child has numbered is lost with the child, and two of its snapshots have nothing in common. So the program itself has
 * its objects numbered just before the fork, and V8 keeps the numbers with them while collections move them.
 *
 * That is C++ and not Node-API, as in child.c: public methods of v8::HeapProfiler, exported by Node under the same names
 * from Node 20 to 26. Where one of them is missing, nothing is numbered and the caller is told.
 */
#include "capture.h"

#include <dlfcn.h>

static void *(*current_isolate)(void);
static void *(*heap_profiler)(void *isolate);
static void (*start_tracking)(void *profiler, bool track_allocations);
static void (*stop_tracking)(void *profiler);
static void (*clear_ids)(void *profiler);

bool can_number_objects(void) {
  *(void **)&current_isolate = dlsym(RTLD_DEFAULT, "_ZN2v87Isolate10GetCurrentEv");
  *(void **)&heap_profiler = dlsym(RTLD_DEFAULT, "_ZN2v87Isolate15GetHeapProfilerEv");
  *(void **)&start_tracking = dlsym(RTLD_DEFAULT, "_ZN2v812HeapProfiler24StartTrackingHeapObjectsEb");
  *(void **)&stop_tracking = dlsym(RTLD_DEFAULT, "_ZN2v812HeapProfiler23StopTrackingHeapObjectsEv");
  *(void **)&clear_ids = dlsym(RTLD_DEFAULT, "_ZN2v812HeapProfiler14ClearObjectIdsEv");
  return current_isolate && heap_profiler && start_tracking && stop_tracking && clear_ids;
}

void number_objects(void) { start_tracking(heap_profiler(current_isolate()), false); }

void forget_numbers(void) {
  void *profiler = heap_profiler(current_isolate());
  stop_tracking(profiler);
  clear_ids(profiler);
}
