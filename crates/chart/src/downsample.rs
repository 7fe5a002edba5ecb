//! Downsampling of a line that keeps its appearance: of every column of pixels the first, least, greatest and last, so that
//! no peak is lost (Jugel and others, "M4: A Visualization-Oriented Time Series Data Aggregation", VLDB 2014).

/// Point of data, in units of the axes. Where the second is NaN the line has a gap.
pub type Datum = (f64, f64);

/// Returns the indices of the points to keep, in order: at most four for each of so many columns over the whole range, one of
/// a gap beside. `points` are in order of their first coordinate.
pub fn downsample(points: &[Datum], columns: usize) -> Vec<usize> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let width = (last.0 - first.0) / columns as f64;
    if points.len() <= 4 * columns || width <= 0.0 {
        return (0..points.len()).collect();
    }
    let column = |i: usize| (((points[i].0 - first.0) / width) as usize).min(columns - 1);
    let mut kept = Vec::with_capacity(4 * columns);
    let mut begin = 0;
    while begin < points.len() {
        let of = column(begin);
        let end = begin
            + points[begin..]
                .partition_point(|point| (((point.0 - first.0) / width) as usize).min(columns - 1) <= of);
        keep(points, begin, end, &mut kept);
        begin = end;
    }
    kept
}

/// Keeps the points of one column that matter.
fn keep(points: &[Datum], begin: usize, end: usize, kept: &mut Vec<usize>) {
    let mut of_column = vec![begin, end - 1];
    of_column.extend((begin..end).find(|i| points[*i].1.is_nan()));
    let numbers = || (begin..end).filter(|i| !points[*i].1.is_nan());
    of_column.extend(numbers().min_by(|a, b| points[*a].1.total_cmp(&points[*b].1)));
    of_column.extend(numbers().max_by(|a, b| points[*a].1.total_cmp(&points[*b].1)));
    of_column.sort_unstable();
    of_column.dedup();
    kept.append(&mut of_column);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_points_keep_every_peak() {
        let mut points: Vec<Datum> = (0..1_000_000).map(|i| (f64::from(i), f64::from(i % 7))).collect();
        points[123_456].1 = 1e6;
        points[654_321].1 = -1e6;
        points[777_777].1 = f64::NAN;
        let kept = downsample(&points, 800);
        assert!(kept.len() <= 5 * 800, "{}", kept.len());
        assert!(kept.windows(2).all(|pair| pair[0] < pair[1]));
        for peak in [0, 123_456, 654_321, 777_777, 999_999] {
            assert!(kept.binary_search(&peak).is_ok(), "{peak}");
        }
    }

    #[test]
    fn few_points_stay_as_they_are() {
        assert!(downsample(&[], 10).is_empty());
        assert_eq!(downsample(&[(3.0, 1.0)], 10), [0]);
        let same_time = vec![(1.0, 1.0); 100];
        assert_eq!(downsample(&same_time, 10).len(), 100);
    }
}
