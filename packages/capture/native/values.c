/* Values between C and JavaScript. */
#include "addon.h"

napi_value number(napi_env env, double value) {
  napi_value result = NULL;
  napi_create_double(env, value, &result);
  return result;
}

napi_value boolean(napi_env env, bool value) {
  napi_value result = NULL;
  napi_get_boolean(env, value, &result);
  return result;
}

void set_number(napi_env env, napi_value object, const char *name, double value) {
  napi_set_named_property(env, object, name, number(env, value));
}

bool read_numbers(napi_env env, napi_value object, const struct named_number *numbers, size_t count) {
  for (size_t i = 0; i < count; i++) {
    napi_value value;
    *numbers[i].value = 0;
    if (napi_get_named_property(env, object, numbers[i].name, &value) != napi_ok) return false;
    if (napi_get_value_double(env, value, numbers[i].value) != napi_ok) return false;
  }
  return true;
}

void text_of(napi_env env, napi_value object, const char *name, char *text, size_t size) {
  napi_value value;
  text[0] = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) {
    napi_get_value_string_utf8(env, value, text, size, NULL);
  }
}

void call(napi_env env, napi_value callback, size_t count, const napi_value *values) {
  napi_value undefined;
  napi_get_undefined(env, &undefined);
  napi_call_function(env, undefined, callback, count, values, NULL);
}
