//! Small dense matrices.

#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Matrix {
    pub(crate) n: usize,
    pub(crate) a: Vec<f64>,
}

impl Matrix {
    pub(crate) fn zero(n: usize) -> Self {
        Self {
            n,
            a: vec![0.0; n * n],
        }
    }
    pub(crate) fn identity(n: usize) -> Self {
        let mut m = Self::zero(n);
        (0..n).for_each(|i| m.a[i * n + i] = 1.0);
        m
    }
    pub(crate) fn at(&self, i: usize, j: usize) -> f64 {
        self.a[i * self.n + j]
    }
    pub(crate) fn set(&mut self, i: usize, j: usize, x: f64) {
        self.a[i * self.n + j] = x;
    }
    pub(crate) fn times(&self, other: &Self) -> Self {
        let n = self.n;
        let mut m = Self::zero(n);
        for i in 0..n {
            for k in 0..n {
                let x = self.at(i, k);
                for j in 0..n {
                    m.a[i * n + j] += x * other.at(k, j);
                }
            }
        }
        m
    }
    pub(crate) fn transposed(&self) -> Self {
        let mut m = Self::zero(self.n);
        for i in 0..self.n {
            for j in 0..self.n {
                m.set(j, i, self.at(i, j));
            }
        }
        m
    }
    pub(crate) fn plus(&self, other: &Self, scale: f64) -> Self {
        let a = self.a.iter().zip(&other.a);
        Self {
            n: self.n,
            a: a.map(|(x, y)| x + scale * y).collect(),
        }
    }
    /// F Z F'.
    pub(crate) fn around(&self, z: &Self) -> Self {
        self.times(z).times(&self.transposed())
    }
    /// The Kronecker product of this with itself.
    pub(crate) fn squared(&self) -> Self {
        let n = self.n;
        let mut m = Self::zero(n * n);
        for (i, j, k, l) in
            (0..n.pow(4)).map(|x| (x / n.pow(3), x / n.pow(2) % n, x / n % n, x % n))
        {
            m.set(i * n + j, k * n + l, self.at(i, k) * self.at(j, l));
        }
        m
    }
    /// Trace of the product.
    pub(crate) fn trace_with(&self, other: &Self) -> f64 {
        let n = self.n;
        (0..n * n)
            .map(|x| self.at(x / n, x % n) * other.at(x % n, x / n))
            .sum()
    }
    /// The spectral radius, by squaring again and again.
    pub(crate) fn radius(&self) -> f64 {
        let mut m = self.clone();
        // ln |A^(2^k)| / 2^k, with the norm taken out at each step.
        let (mut log, mut weight) = (0.0, 1.0);
        for _ in 0..45 {
            let norm = m.a.iter().fold(0.0_f64, |x, y| x.max(y.abs()));
            if norm == 0.0 {
                return 0.0;
            }
            m.a.iter_mut().for_each(|x| *x /= norm);
            log += weight * libm::log(norm);
            weight /= 2.0;
            m = m.times(&m);
        }
        libm::exp(log)
    }
    /// The solution of A x = b, with partial pivoting.
    pub(crate) fn solve(&self, b: &[f64]) -> Vec<f64> {
        let n = self.n;
        let (mut m, mut x) = (self.clone(), b.to_vec());
        for c in 0..n {
            let p = (c..n).max_by(|i, j| m.at(*i, c).abs().total_cmp(&m.at(*j, c).abs()));
            let p = p.expect("a row is left");
            (0..n).for_each(|j| m.a.swap(c * n + j, p * n + j));
            x.swap(c, p);
            for i in c + 1..n {
                let f = m.at(i, c) / m.at(c, c);
                (c..n).for_each(|j| m.a[i * n + j] -= f * m.a[c * n + j]);
                x[i] -= f * x[c];
            }
        }
        for c in (0..n).rev() {
            let sum: f64 = (c + 1..n).map(|j| m.at(c, j) * x[j]).sum();
            x[c] = (x[c] - sum) / m.at(c, c);
        }
        x
    }
}

#[test]
fn small_matrices_are_right() {
    let m = Matrix {
        n: 2,
        a: vec![0.0, 2.0, -0.5, 0.1],
    };
    // A complex pair: the radius is the root of the determinant.
    assert!((m.radius() - 1.0).abs() < 1e-12, "{}", m.radius());
    assert!((m.squared().radius() - 1.0).abs() < 1e-12);
    assert_eq!(m.solve(&[4.0, -0.3]), [1.0, 2.0]);
    let z = Matrix::identity(2);
    assert_eq!(m.around(&z), m.times(&m.transposed()));
}
