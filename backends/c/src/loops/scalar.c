/* One option at a time: Python floats through NumPy's inner loop, on the stack. The loop is the
 * very one of arrays, so the bits are the same. `quantforge_c._scalar` has a single function, which
 * binds a loop to what its operands are; one implementation serves every operation. */
#define Py_LIMITED_API 0x030b0000
#include <Python.h>
#include <stdint.h>
#include <string.h>

enum { MOST_INPUTS = 8, MOST_OUTPUTS = 17 };

typedef struct {
    void (*loop)(char **args, const intptr_t *dims, const intptr_t *steps, void *data);
    int64_t wanted;
    int inputs, outputs;
    int code; /* the last output is one of int8 */
} Entry;

static PyObject *number(const Entry *entry, int j, const double *x) {
    if (entry->code && j == entry->outputs - 1) return PyLong_FromLong(*(const int8_t *)x);
    return PyFloat_FromDouble(*x);
}

/* `self` holds the Entry, as bytes. */
static PyObject *call(PyObject *self, PyObject *const *given, Py_ssize_t count) {
    Entry entry;
    double in[MOST_INPUTS], out[MOST_OUTPUTS];
    char *args[MOST_INPUTS + MOST_OUTPUTS];
    const intptr_t one = 1, steps[MOST_INPUTS + MOST_OUTPUTS] = {0};
    memcpy(&entry, PyBytes_AsString(self), sizeof entry);
    if (count != entry.inputs) {
        return PyErr_Format(PyExc_TypeError, "%d operands expected, not %zd", entry.inputs, count);
    }
    for (int j = 0; j < entry.inputs; j++) {
        in[j] = PyFloat_AsDouble(given[j]);
        if (in[j] == -1.0 && PyErr_Occurred()) return NULL;
        args[j] = (char *)&in[j];
    }
    for (int j = 0; j < entry.outputs; j++) args[entry.inputs + j] = (char *)&out[j];
    entry.loop(args, &one, steps, &entry.wanted);
    if (entry.outputs == 1) return number(&entry, 0, out);
    PyObject *results = PyTuple_New(entry.outputs);
    for (int j = 0; results != NULL && j < entry.outputs; j++) {
        PyObject *result = number(&entry, j, &out[j]);
        if (result == NULL || PyTuple_SetItem(results, j, result) < 0) Py_CLEAR(results);
    }
    return results;
}

static PyMethodDef entry_point = {"scalar", (PyCFunction)(void (*)(void))call, METH_FASTCALL,
                                  "The outputs of one option."};

PyDoc_STRVAR(bind_doc,
             "bind(address, inputs, codes, wanted, /)\n--\n\n"
             "A function of `inputs` floats that runs the loop at `address` for the set\n"
             "`wanted` of outputs, of which those in the set `codes` are int8.");

static PyObject *bind(PyObject *module, PyObject *args) {
    (void)module;
    unsigned long long address;
    long long codes, wanted;
    Entry entry;
    memset(&entry, 0, sizeof entry);
    if (!PyArg_ParseTuple(args, "KiLL", &address, &entry.inputs, &codes, &wanted)) return NULL;
    entry.loop = (void (*)(char **, const intptr_t *, const intptr_t *, void *))(uintptr_t)address;
    entry.wanted = wanted;
    entry.outputs = __builtin_popcountll((unsigned long long)wanted);
    entry.code = (codes & wanted) != 0;
    if (entry.inputs < 1 || entry.inputs > MOST_INPUTS || wanted < 1 || wanted >> MOST_OUTPUTS) {
        PyErr_SetString(PyExc_ValueError, "no operation has such operands");
        return NULL;
    }
    PyObject *self = PyBytes_FromStringAndSize((const char *)&entry, sizeof entry);
    if (self == NULL) return NULL;
    PyObject *bound = PyCFunction_New(&entry_point, self);
    Py_DECREF(self);
    return bound;
}

static PyMethodDef functions[] = {{"bind", bind, METH_VARARGS, bind_doc}, {NULL, NULL, 0, NULL}};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT,
                                    "_scalar",
                                    "One option at a time.",
                                    0,
                                    functions,
                                    NULL,
                                    NULL,
                                    NULL,
                                    NULL};

PyMODINIT_FUNC PyInit__scalar(void) { return PyModuleDef_Init(&module); }
