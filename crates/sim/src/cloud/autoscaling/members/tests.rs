use super::*;
use crate::cloud::instances::reference::Slot;
use plimsoll_base::engine::random::{Purpose, Seed, Stream};
use plimsoll_base::units::AccountId;

/// Plain twin: the members in a list, and each question answered by going through all of it.
#[derive(Default)]
struct Plain(Vec<GroupMember>, Vec<InstanceId>);

impl Plain {
    fn running(&self) -> impl Iterator<Item = &GroupMember> {
        self.0.iter().filter(|member| member.running.is_some())
    }

    fn next_to_end(
        &self,
        is_spot: Option<bool>,
        rank: impl Fn(usize, TypeId) -> usize,
        ends_first: EndsFirst,
    ) -> Option<GroupMember> {
        let in_service = |zone| -> u32 {
            self.running().filter(|member| member.zone == zone).map(|member| member.weight).sum()
        };
        let mut left: Vec<&GroupMember> = self.running().collect();
        let at_risk = left.iter().filter(|member| self.1.contains(&member.instance.id));
        if let Some(member) = at_risk.min_by_key(|member| member.instance.id) {
            return Some(**member);
        }
        left.retain(|member| is_spot.is_none_or(|is_spot| is_spot == member.is_spot));
        let most = left.iter().map(|member| in_service(member.zone)).max();
        left.retain(|member| Some(in_service(member.zone)) == most);
        let last = left.iter().map(|member| rank(member.zone, member.kind)).max();
        left.retain(|member| Some(rank(member.zone, member.kind)) == last);
        left.sort_by_key(|member| member.instance.id);
        match ends_first {
            EndsFirst::Oldest => left.first().map(|member| **member),
            EndsFirst::Newest => left.last().map(|member| **member),
            EndsFirst::ClosestToNextHour(now) => {
                let of_hour = |member: &GroupMember| now.since(member.running.unwrap()).0 % HOUR.0;
                let most = left.iter().map(|member| of_hour(member)).max();
                left.iter().find(|member| Some(of_hour(member)) == most).map(|member| **member)
            }
        }
    }
}

fn drawn_member(random: &mut Stream, id: u64) -> GroupMember {
    let kind = random.below(3) as u32;
    GroupMember {
        instance: Reference { slot: Slot(id as u32), id: InstanceId(id), account: AccountId(0) },
        zone: random.below(3) as usize,
        kind: TypeId(kind),
        weight: 1 + 2 * kind,
        is_spot: random.below(2) == 0,
        running: None,
    }
}

#[test]
fn the_member_that_ends_next_is_that_of_a_plain_twin_on_a_thousand_drawn_groups() {
    for seed in 0..1000 {
        let mut random = Seed(seed).stream(Purpose::Mix, 61);
        let ends_by_hour = random.below(2) == 0;
        let (mut members, mut plain) = (GroupMembers::new(3, ends_by_hour), Plain::default());
        let mut now = Time(random.below(10) * HOUR.0);
        for id in 0..40 {
            // Steps of a minute: some begin in the same one, and of some it is an hour to the minute.
            now = now.after(Duration(random.below(20) * 60 * NS_PER_S));
            let member = drawn_member(&mut random, id);
            members.add(member);
            plain.0.push(member);
            let other = random.below(plain.0.len() as u64) as usize;
            let chosen = plain.0[other].instance.id;
            match random.below(16) {
                0 => {
                    members.note_risk(chosen);
                    plain.1.extend(plain.0[other].running.map(|_| chosen));
                }
                1..4 => {
                    members.restart(chosen);
                    plain.0[other].running = None;
                    plain.1.retain(|id| *id != chosen);
                }
                4..8 => {
                    assert_eq!(members.remove(chosen), Some(plain.0.remove(other)));
                    plain.1.retain(|id| *id != chosen);
                }
                _ => {
                    let came_up = members.run(now, chosen);
                    assert_eq!(came_up, plain.0[other].running.is_none());
                    plain.0[other].running.get_or_insert(now);
                }
            }
            members.assert_conserved("drawn");
            let running: u32 = plain.running().map(|member| member.weight).sum();
            assert_eq!(members.in_service(), running);
            let is_spot = [None, Some(false), Some(true)][random.below(3) as usize];
            let ranks: [[usize; 3]; 3] = std::array::from_fn(|_| [0; 3].map(|_| random.below(3) as usize));
            let rank = |zone: usize, kind: TypeId| ranks[zone][kind.index()];
            let ends_first = match ends_by_hour {
                true => EndsFirst::ClosestToNextHour(now),
                false => [EndsFirst::Oldest, EndsFirst::Newest][random.below(2) as usize],
            };
            let found = members.next_to_end(is_spot, rank, ends_first);
            let expected = plain.next_to_end(is_spot, rank, ends_first);
            assert_eq!(found, expected, "seed {seed}, member {id}: {is_spot:?} {ranks:?} {ends_first:?}");
        }
    }
}
