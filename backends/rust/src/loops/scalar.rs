//! An operation on one option given as Python floats: NumPy's loop over operands on the stack, hence
//! the same bits, without the arrays that a call of a ufunc makes.

use super::instruction_sets::Loop;
use super::lanes::{MOST_INPUTS, MOST_OUTPUTS};
use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use std::ffi::c_void;
use std::ptr;

/// What such a function calls.
#[pyclass(frozen)]
pub struct Scalar {
    pub run: Loop,
    pub inputs: usize,
    pub wanted: i64,
    /// The last of the wanted outputs is a code of int8.
    pub ends_in_code: bool,
}

impl Scalar {
    /// As a Python function: `inputs` floats to a number, or to a tuple where more outputs are wanted.
    /// A code is an int.
    pub fn into_function(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        // PyO3's own functions take a tuple of their arguments apart, which costs as much as a price.
        struct Definition(ffi::PyMethodDef);
        // SAFETY: nobody writes to it.
        unsafe impl Sync for Definition {}
        static DEFINITION: Definition = Definition(ffi::PyMethodDef {
            ml_name: c"scalar".as_ptr(),
            ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: call },
            ml_flags: ffi::METH_FASTCALL,
            ml_doc: c"One option: its inputs as floats, the wanted outputs as numbers.".as_ptr(),
        });
        let definition = (&raw const DEFINITION.0).cast_mut(); // Python only reads it
        let scalar = Bound::new(py, self)?;
        // SAFETY: the definition lives for ever; the function keeps `scalar` alive.
        unsafe {
            let function = ffi::PyCFunction_NewEx(definition, scalar.as_ptr(), ptr::null_mut());
            Bound::from_owned_ptr_or_err(py, function)
        }
    }

    fn outputs(&self) -> usize {
        self.wanted.count_ones() as usize
    }

    /// Output `j` as a Python number; null, with the error set, if there is no memory for it.
    unsafe fn number(&self, results: &[f64; MOST_OUTPUTS], j: usize) -> *mut ffi::PyObject {
        let x = &results[j];
        // SAFETY: Python is attached; the loop has written a byte where a code is.
        unsafe {
            if self.ends_in_code && j == self.outputs() - 1 {
                ffi::PyLong_FromLong((&raw const *x).cast::<i8>().read().into())
            } else {
                ffi::PyFloat_FromDouble(*x)
            }
        }
    }

    /// # Safety
    /// The processor has the loop's instruction set.
    unsafe fn run_on(&self, inputs: &[f64; MOST_INPUTS]) -> [f64; MOST_OUTPUTS] {
        let mut results = [0.0; MOST_OUTPUTS];
        let mut operands = [ptr::null_mut::<u8>(); MOST_INPUTS + MOST_OUTPUTS];
        for (operand, input) in operands.iter_mut().zip(&inputs[..self.inputs]) {
            *operand = (&raw const *input).cast_mut().cast();
        }
        for (operand, result) in operands[self.inputs..].iter_mut().zip(&mut results) {
            *operand = (&raw mut *result).cast();
        }
        let steps = [0; MOST_INPUTS + MOST_OUTPUTS];
        let wanted = (&raw const self.wanted).cast_mut().cast::<c_void>();
        // SAFETY: as many operands as the loop reads and writes, of one element each.
        unsafe { (self.run)(operands.as_ptr(), &1, steps.as_ptr(), wanted) };
        results
    }
}

/// # Safety
/// Python calls it, with a `Scalar` for self.
unsafe extern "C" fn call(
    scalar: *mut ffi::PyObject,
    arguments: *mut *mut ffi::PyObject,
    given: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the caller's promise.
    unsafe {
        let py = Python::assume_attached();
        let scalar = Borrowed::from_ptr(py, scalar);
        let scalar = scalar.cast_unchecked::<Scalar>().get();
        if given as usize != scalar.inputs {
            let rule = format!("takes {} numbers, {given} were given", scalar.inputs);
            PyTypeError::new_err(rule).restore(py);
            return ptr::null_mut();
        }
        let mut inputs = [0.0; MOST_INPUTS];
        for (i, x) in inputs[..scalar.inputs].iter_mut().enumerate() {
            *x = ffi::PyFloat_AsDouble(*arguments.add(i));
            if *x == -1.0 && !ffi::PyErr_Occurred().is_null() {
                return ptr::null_mut();
            }
        }
        let results = scalar.run_on(&inputs);
        if scalar.outputs() == 1 {
            return scalar.number(&results, 0);
        }
        let row = ffi::PyTuple_New(scalar.outputs() as ffi::Py_ssize_t);
        for j in 0..scalar.outputs() {
            if row.is_null() {
                return row;
            }
            let x = scalar.number(&results, j);
            if x.is_null() {
                ffi::Py_DECREF(row);
                return x;
            }
            ffi::PyTuple_SetItem(row, j as ffi::Py_ssize_t, x);
        }
        row
    }
}
