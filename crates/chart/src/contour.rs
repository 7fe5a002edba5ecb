//! Contour lines of a grid of heights (marching squares; Lorensen and Cline, "Marching Cubes", SIGGRAPH 1987, in
//! two dimensions). Between grid points heights are taken to change evenly.

use crate::downsample::Datum;

/// Heights on a grid; NaN where nothing is known.
pub struct Heights<'a> {
    /// Positions of the columns, in order.
    pub x: &'a [f64],
    /// Positions of the rows, in order.
    pub y: &'a [f64],
    /// Heights, row by row.
    pub heights: &'a [f64],
}

impl Heights<'_> {
    fn corner(&self, column: usize, row: usize) -> (Datum, f64) {
        ((self.x[column], self.y[row]), self.heights[row * self.x.len() + column])
    }

    /// Returns the pieces of the contour of one height, each within a cell. A cell with an unknown corner has none.
    pub fn contour(&self, height: f64) -> Vec<Vec<Datum>> {
        let mut pieces = Vec::new();
        for row in 1..self.y.len() {
            for column in 1..self.x.len() {
                let corners = [(column - 1, row - 1), (column, row - 1), (column, row), (column - 1, row)]
                    .map(|(column, row)| self.corner(column, row));
                if corners.iter().all(|(_, height)| !height.is_nan()) {
                    pieces.extend(cross(&corners, height));
                }
            }
        }
        pieces
    }
}

/// Returns the pieces of the contour in a cell with these corners, in order around it.
fn cross(corners: &[(Datum, f64); 4], height: f64) -> Vec<Vec<Datum>> {
    let crossing = |side: usize| {
        let ((from, low), (to, high)) = (corners[side], corners[(side + 1) % 4]);
        if (low < height) == (high < height) {
            return None;
        }
        let share = (height - low) / (high - low);
        Some((from.0 + (to.0 - from.0) * share, from.1 + (to.1 - from.1) * share))
    };
    let crossings: Vec<Datum> = (0..4).filter_map(crossing).collect();
    match crossings[..] {
        [a, b] => vec![vec![a, b]],
        // A saddle: its middle says which corners belong together.
        [a, b, c, d] => {
            let middle = corners.iter().map(|(_, height)| height).sum::<f64>() / 4.0;
            let first_is_cut_off = (corners[0].1 < height) != (middle < height);
            if first_is_cut_off { vec![vec![d, a], vec![b, c]] } else { vec![vec![a, b], vec![c, d]] }
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_has_a_straight_line_at_each_height() {
        let grid = Heights { x: &[0.0, 1.0, 3.0], y: &[0.0, 2.0], heights: &[0.0, 1.0, 3.0, 0.0, 1.0, 3.0] };
        assert_eq!(grid.contour(2.0), [vec![(2.0, 0.0), (2.0, 2.0)]]);
        assert!(grid.contour(4.0).is_empty());
    }

    #[test]
    fn a_saddle_keeps_its_ridge_together() {
        let ridge = |middle_is_high: bool| {
            let high = if middle_is_high { 9.0 } else { 3.0 };
            Heights { x: &[0.0, 1.0], y: &[0.0, 1.0], heights: &[0.0, high, high, 0.0] }.contour(2.0)
        };
        // Each piece cuts one corner off: a low one where the middle is high, a high one where it is low.
        let cut_off = |piece: &[Datum]| (piece[0].0 + piece[1].0 < 1.0) == (piece[0].1 + piece[1].1 < 1.0);
        assert!(ridge(true).iter().all(|piece| cut_off(piece)), "{:?}", ridge(true));
        assert!(ridge(false).iter().all(|piece| !cut_off(piece)), "{:?}", ridge(false));
    }

    #[test]
    fn what_is_not_known_has_no_line() {
        let grid = Heights { x: &[0.0, 1.0], y: &[0.0, 1.0], heights: &[0.0, f64::NAN, 3.0, 3.0] };
        assert!(grid.contour(2.0).is_empty());
    }
}
