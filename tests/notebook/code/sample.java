package kurs.eins;
import java.util.*; import static java.lang.Math.PI;
/** Text. @author x */
@FunctionalInterface
public abstract class Würfel<T extends Comparable<T>> implements Runnable {
    private static final long serialVersionUID = 0x1FL; char c = '\u00e4'; double d = 1_000.5e3d;
    public record Punkt(int x, int y) {}
    enum Farbe { ROT, GRÜN }
    @Override public synchronized void run() throws Exception { outer: for (int i = 0; i < 3; i++) { if (i > 1) continue outer; } }
    static int f(List<? super T> xs) { return xs.stream().mapToInt(x -> x.hashCode() >>> 2).sum(); }
    String s = "a\t\"b\"" + """
        text
        """; // end
    var y = switch (x) { case 1, 2 -> "a"; default -> { yield "b"; } };
}
