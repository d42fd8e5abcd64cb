/* The orthogonal style without waypoints. Both terminals get a zone around them, as wide as the edge wants to run straight (its jetty).
 * The sides at which the edge leaves and arrives are given by its fixed ends, else chosen by how far the terminals are apart. The rest
 * is a walk: from the jetty of the source, a few moves, each one up to a border of a zone, to a centre, or half-way into the gap between
 * the terminals. Which moves depends on the two sides only, once the plane is turned so that the target lies up left of the source. */
#include <string.h>

#include "diagram/drawio/route.h"

#define JETTY 10.0
#define MARKER 6
#define MAX_STOPS 12
#define TOUCH 1.0 /* an end this near to a border leaves at that side */

/* Sides and directions, clockwise: the plane is turned by adding to them. */
enum side { WEST, NORTH, EAST, SOUTH, N_SIDES };

static const unsigned masks[N_SIDES] = {SIDE_WEST, SIDE_NORTH, SIDE_EAST, SIDE_SOUTH};
static const double step_x[N_SIDES] = {-1, 0, 1, 0}, step_y[N_SIDES] = {0, -1, 0, 1};

/* Moves for a target up left of the source. A move is three letters: its direction; s, t or g for source, target or gap; a border of
 * that zone, or c for the centre. It never leads back: what is already further stays. First index: the edge leaves west [0] or east [1];
 * for north and south the table is read mirrored at the diagonal. Second index: the side of arrival. */
static const char *const walks[2][N_SIDES] = {
    {
        [WEST] = "wg- sts wtw ntc",
        [NORTH] = "wg- nsn ng- ete ntn wtc",
        [EAST] = "wg- nsn ng- stc ete ntc",
        [SOUTH] = "wg- sts wtc nsn ng- etc sts",
    },
    {
        [WEST] = "nsn ng- wsw wg- sts wtw ntc",
        [NORTH] = "ntn wtc",
        [EAST] = "nsn ntc wsw wg- stc ete",
        [SOUTH] = "nsn ng- wsw wg- sts wtc etc",
    },
};

struct terminal {
    struct rect box;
    double jetty;
    double limits[N_SIDES]; /* borders of its zone */
    struct point anchor;    /* where the edge meets it, as fractions of the box */
    unsigned allowed;       /* sides, as a mask */
    int side;               /* where the edge leaves or arrives; -1 while it is not known */
};

struct orthogonal {
    struct terminal ends[2]; /* source, target */
    double gaps[N_SIDES];    /* from the source's zone to the target's, 0 where they
                           overlap */
    int turn;
};

static double jetty_of(const struct route *route, bool is_source)
{
    const char *own = style_get(route->style, is_source ? "sourceJettySize" : "targetJettySize");
    const char *value = own != NULL ? own : style_get(route->style, "jettySize");
    if (value == NULL || strcmp(value, "auto") != 0)
        return style_number(route->style, own != NULL ? (is_source ? "sourceJettySize" : "targetJettySize") : "jettySize", JETTY);
    if (style_get(route->style, is_source ? "startArrow" : "endArrow") == NULL)
        return 2 * JETTY;
    double marker = style_number(route->style, is_source ? "startSize" : "endSize", MARKER);
    return fmax(2, ceil((marker + JETTY) / JETTY)) * JETTY;
}

static double round_tenth(double value)
{
    return round(value * 10) / 10;
}

static struct rect box_of(const struct route_end *end)
{
    struct rect box = end->has_box ? end->box : (struct rect){end->point.x, end->point.y, 0, 0};
    double rotation = end->has_box && end->cell != NULL ? style_number(&end->cell->style, "rotation", 0) : 0;
    if (rotation != 0)
        box = rect_rotate(box, rotation);
    return (struct rect){round_tenth(box.x), round_tenth(box.y), round_tenth(box.width), round_tenth(box.height)};
}

static void find_anchor(struct terminal *terminal, const struct route_end *end)
{
    struct rect box = terminal->box;
    terminal->side = -1;
    terminal->anchor = (struct point){0.5, 0.5};
    if (!end->has_box || !end->has_point)
        return;
    terminal->anchor.x = box.width > 0 ? (end->point.x - box.x) / box.width : 0.5;
    terminal->anchor.y = box.height > 0 ? (end->point.y - box.y) / box.height : 0.5;
    if (fabs(end->point.x - box.x) <= TOUCH)
        terminal->side = WEST;
    else if (fabs(end->point.x - box.x - box.width) <= TOUCH)
        terminal->side = EAST;
    if (fabs(end->point.y - box.y) <= TOUCH)
        terminal->side = NORTH;
    else if (fabs(end->point.y - box.y - box.height) <= TOUCH)
        terminal->side = SOUTH;
}

static void init_terminal(struct terminal *terminal, const struct route *route, bool is_source, double jetty)
{
    const struct route_end *end = is_source ? &route->source : &route->target;
    terminal->box = box_of(end);
    terminal->jetty = jetty;
    terminal->allowed = route_allowed_sides(route, is_source, SIDE_ANY);
    struct rect zone = rect_grow(terminal->box, jetty);
    terminal->limits[WEST] = zone.x;
    terminal->limits[NORTH] = zone.y;
    terminal->limits[EAST] = zone.x + zone.width;
    terminal->limits[SOUTH] = zone.y + zone.height;
    find_anchor(terminal, end);
}

/* How often the plane is turned clockwise to bring a target that is up left to where this one is. */
static int find_turn(struct point source, struct point target)
{
    if (source.x < target.x)
        return source.y < target.y ? 2 : 1;
    if (source.y <= target.y)
        return source.x == target.x ? 2 : 3;
    return 0;
}

static int opposite(int side)
{
    return (side + 2) % N_SIDES;
}

static bool is_allowed(const struct terminal *terminal, int side)
{
    return (terminal->allowed & masks[side]) != 0;
}

/* Chooses sides for the ends that have none: towards each other along the axis on which the terminals are apart; when they are apart on
 * both, one end leaves along the one axis and the other arrives along the other. */
static void choose_sides(struct orthogonal *o, const double distances[N_SIDES])
{
    int across[2], down[2], first[2], second[2];
    across[0] = distances[WEST] >= distances[EAST] ? WEST : EAST;
    down[0] = distances[NORTH] >= distances[SOUTH] ? NORTH : SOUTH;
    across[1] = opposite(across[0]);
    down[1] = opposite(down[0]);
    for (int i = 0; i < 2; i++) {
        if (o->ends[i].side >= 0)
            continue;
        across[i] = is_allowed(&o->ends[i], across[i]) ? across[i] : opposite(across[i]);
        down[i] = is_allowed(&o->ends[i], down[i]) ? down[i] : opposite(down[i]);
    }
    bool is_apart_across = fmax(distances[WEST], distances[EAST]) > 0, is_apart_down = fmax(distances[NORTH], distances[SOUTH]) > 0;
    bool is_mixed = is_apart_across && is_apart_down;
    bool across_first[2] = {is_apart_across && !is_apart_down, is_apart_across && !is_apart_down};
    if (is_mixed && is_allowed(&o->ends[0], across[0]) && is_allowed(&o->ends[1], down[1]))
        across_first[0] = true;
    else if (is_mixed && is_allowed(&o->ends[0], down[0]) && is_allowed(&o->ends[1], across[1]))
        across_first[1] = true;
    for (int i = 0; i < 2; i++) {
        first[i] = across_first[i] ? across[i] : down[i];
        second[i] = across_first[i] ? down[i] : across[i];
    }
    for (int i = 0; i < 2; i++) {
        if (o->ends[i].side >= 0)
            continue;
        int candidates[4] = {first[i], second[i], i == 0 ? first[1] : second[0], i == 0 ? second[1] : first[0]};
        for (int c = 0; c < 4 && o->ends[i].side < 0; c++)
            if (is_allowed(&o->ends[i], candidates[c]))
                o->ends[i].side = candidates[c];
        for (int s = 0; s < N_SIDES && o->ends[i].side < 0; s++)
            if (is_allowed(&o->ends[i], s) || s == N_SIDES - 1)
                o->ends[i].side = s;
    }
}

static void choose_from_boxes(struct orthogonal *o)
{
    struct rect s = o->ends[0].box, t = o->ends[1].box;
    double distances[N_SIDES] = {
        [WEST] = s.x - (t.x + t.width), [NORTH] = s.y - (t.y + t.height), [EAST] = t.x - (s.x + s.width), [SOUTH] = t.y - (s.y + s.height)};
    for (int i = 0; i < N_SIDES; i++)
        o->gaps[i] = fmax(distances[i] - o->ends[0].jetty - o->ends[1].jetty, 0);
    choose_sides(o, distances);
}

static struct point walk_start(const struct terminal *source)
{
    struct rect box = source->box;
    struct point anchor = {box.x + source->anchor.x * box.width, box.y + source->anchor.y * box.height};
    if (source->side == WEST || source->side == EAST)
        return (struct point){source->limits[source->side], anchor.y};
    return (struct point){anchor.x, source->limits[source->side]};
}

static int side_of_letter(char letter, bool is_mirrored)
{
    static const char letters[] = "wnes", mirrored[] = "nwse";
    const char *in = is_mirrored ? mirrored : letters;
    return (int)(strchr(in, letter) - in);
}

/* The place a move goes to on its axis. */
static double find_limit(const struct orthogonal *o, const char *move, int direction, bool is_mirrored, struct point at)
{
    bool is_across = direction == WEST || direction == EAST;
    const struct terminal *terminal = &o->ends[move[1] == 't'];
    if (move[1] == 'g')
        return is_across ? at.x + step_x[direction] * o->gaps[direction] / 2 : at.y + step_y[direction] * o->gaps[direction] / 2;
    if (move[2] == 'c')
        return is_across ? terminal->box.x + terminal->anchor.x * terminal->box.width
                         : terminal->box.y + terminal->anchor.y * terminal->box.height;
    return terminal->limits[(side_of_letter(move[2], is_mirrored) + o->turn) % N_SIDES];
}

static double coordinate(struct point point, bool is_across)
{
    return is_across ? point.x : point.y;
}

/* Walks; the number of stops in `stops`. */
static int walk(const struct orthogonal *o, struct point stops[MAX_STOPS])
{
    int leaves = (o->ends[0].side - o->turn + N_SIDES) % N_SIDES, arrives = (o->ends[1].side - o->turn + N_SIDES) % N_SIDES;
    bool is_mirrored = leaves == NORTH || leaves == SOUTH;
    static const int mirror[N_SIDES] = {NORTH, WEST, SOUTH, EAST};
    bool was_across = o->ends[0].side == WEST || o->ends[0].side == EAST;
    int current = 0;
    if (is_mirrored) {
        leaves = mirror[leaves];
        arrives = mirror[arrives];
    }
    stops[0] = walk_start(&o->ends[0]);
    stops[0] = (struct point){round_tenth(stops[0].x), round_tenth(stops[0].y)};
    for (const char *move = walks[leaves == EAST][arrives]; *move != '\0'; move += move[3] == ' ' ? 4 : 3) {
        int direction = (side_of_letter(move[0], is_mirrored) + o->turn) % N_SIDES;
        bool is_across = direction == WEST || direction == EAST;
        if (is_across != was_across) {
            stops[current + 1] = stops[current];
            current++;
        }
        double limit = round_tenth(find_limit(o, move, direction, is_mirrored, stops[current]));
        if (is_across && (limit - stops[current].x) * step_x[direction] > 0)
            stops[current].x = limit;
        if (!is_across && (limit - stops[current].y) * step_y[direction] > 0)
            stops[current].y = limit;
        if (current > 0 && coordinate(stops[current], is_across) == coordinate(stops[current - 1], is_across))
            current--;
        else
            was_across = is_across;
    }
    return current + 1;
}

static void append_stops(const struct orthogonal *o, GArray *points, const struct point *stops, int n)
{
    bool leaves_across = o->ends[0].side == WEST || o->ends[0].side == EAST;
    bool arrives_across = o->ends[1].side == WEST || o->ends[1].side == EAST;
    /* Leaving and arriving on the same axis takes an even number of bends; the last stop may be one too many. */
    if ((leaves_across == arrives_across) == (n % 2 == 1))
        n--;
    guint first = points->len;
    for (int i = 0; i < n; i++) {
        struct point stop = stops[i];
        const struct point *last = points->len > first ? &g_array_index(points, struct point, points->len - 1) : NULL;
        if (last == NULL || fabs(last->x - stop.x) >= TOUCH || fabs(last->y - stop.y) >= TOUCH)
            g_array_append_val(points, stop);
    }
}

bool route_append_orthogonal(const struct route *route, GArray *points)
{
    struct orthogonal o;
    double jetty[2] = {jetty_of(route, true), jetty_of(route, false)};
    if (route->is_loop)
        jetty[0] = jetty[1] = fmax(jetty[0], jetty[1]);
    if (route->source.has_point && route->target.has_point &&
        point_distance(route->source.point, route->target.point) < jetty[0] + jetty[1])
        return false;
    for (int i = 0; i < 2; i++)
        init_terminal(&o.ends[i], route, i == 0, jetty[i]);
    o.turn = find_turn(rect_center(o.ends[0].box), rect_center(o.ends[1].box));
    choose_from_boxes(&o);
    struct point stops[MAX_STOPS];
    append_stops(&o, points, stops, walk(&o, stops));
    return true;
}
