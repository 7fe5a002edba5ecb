use proptest::prelude::*;

use super::*;
use crate::control_plane::testing::{assert_comes_back, cases};

const HOST: HostId = HostId(2);

#[test]
fn the_least_recently_used_make_room() {
    let mut cache = ImageCache::new(20);
    for image in [1, 2] {
        assert!(!cache.has(HOST, ImageId(image)));
        cache.add(HOST, ImageId(image), 8);
    }
    assert!(cache.has(HOST, ImageId(1)));
    cache.add(HOST, ImageId(3), 8);
    assert!(!cache.has(HOST, ImageId(2)) && cache.has(HOST, ImageId(1)) && cache.has(HOST, ImageId(3)));
    assert!(!cache.has(HostId(0), ImageId(1)), "each host has its own");
    cache.add(HOST, ImageId(4), 21);
    assert!(!cache.has(HOST, ImageId(4)) && cache.has(HOST, ImageId(1)), "too large an image evicts none");
    cache.add(HOST, ImageId(5), 20);
    assert_eq!((cache.used_gib(HOST), cache.used_gib(HostId(9))), (20, 0));
    assert_eq!(cache.counts(), ImageCounts { hits: 4, misses: 5, evicted: 3 });
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn a_cache_holds_what_a_plain_list_says(
        capacity in 0..30u64,
        uses in prop::collection::vec((0..3u32, 0..8u32), 0..80),
    ) {
        let mut cache = ImageCache::new(capacity);
        // By use: the newest last. An image is in while it and all that were used after it fit.
        let mut used: Vec<(u32, u32)> = Vec::new();
        let gib = |image: u32| u64::from(image % 5 + 1);
        for (host, image) in uses {
            let mut later = 0;
            let mut is_there = false;
            for &(_, other) in used.iter().rev().filter(|(of, _)| *of == host) {
                later += gib(other);
                if later > capacity {
                    break;
                }
                is_there |= other == image;
            }
            prop_assert_eq!(cache.has(HostId(host), ImageId(image)), is_there);
            cache.add(HostId(host), ImageId(image), gib(image));
            prop_assert!(cache.used_gib(HostId(host)) <= capacity);
            if gib(image) <= capacity {
                used.retain(|held| *held != (host, image));
                used.push((host, image));
            }
        }
        assert_comes_back(&cache);
    }
}
