"""`python -m gan_scratch.theory`: the table of what each remedy does to the Dirac-GAN."""
from gan_scratch.theory.dirac import dirac_table


def text(eigenvalues) -> str:
    """The pair as −γ/2 ± …, or that there is none."""
    if eigenvalues is None:
        return "not smooth"
    a, b = sorted(eigenvalues, key=lambda z: (z.imag, z.real))
    return f"{a.real:.3f}, {b.real:.3f}" if a.imag == b.imag else f"{a.real + 0:.3f} ± {b.imag:.3f}i"


def shown(radius: float) -> str:
    """Three digits; what has shrunk to the end of floating point is 0."""
    return "0" if radius < 1e-300 else f"{radius:.3g}"


def main() -> None:
    print("Dirac-GAN from (θ, ψ) = (1, 1), 20 000 steps of 0.1. θ is where G's point is, the data is at 0. Eigenvalues are the field's, at the "
          "equilibrium;\nlast |θ|: the largest in the last tenth of the path; it arrives when that is below 0.01.\n")
    print(f"{'variant':36}{'eigenvalues':>18}{'final |w|':>12}{'last |θ| ≤':>12}  arrives")
    for row in dirac_table():
        arrives = "yes" if row.converges else "no"
        print(f"{row.name:36}{text(row.eigenvalues):>18}{shown(row.radius):>12}{shown(row.theta):>12}  {arrives}")


if __name__ == "__main__":
    main()
