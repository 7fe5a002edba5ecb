use super::*;

fn config(text: &str) -> InstanceTypeConfig {
    toml::from_str(text).unwrap()
}

fn table(overrides: &[&str]) -> TypeTable {
    let overrides: Vec<_> = overrides.iter().map(|text| config(text)).collect();
    TypeTable::new(&overrides, &ShapePrice::default()).unwrap()
}

fn usd_per_hour(text: &str) -> Money {
    Decimal::from(text).usd_per_hour().unwrap()
}

#[test]
fn ids_come_in_the_order_of_first_use() {
    let mut types = table(&[]);
    assert!(types.is_empty());
    let large = types.named("m5.large").unwrap();
    let shape = types.shape(Resources::new(2000, 3584));
    let micro = types.named("t3.micro").unwrap();
    assert_eq!([large, shape, micro].map(TypeId::index), [0, 1, 2]);
    assert_eq!(types.named("m5.large"), Some(large));
    assert_eq!(types.shape(Resources::new(2000, 3584)), shape);
    assert_eq!(types.named("m5.lrage"), None);
    assert!(types.suggest("m5.lrage").unwrap().contains("m5.large"));
    let names: Vec<&str> = types.iter().map(|(_, kind)| kind.name.as_str()).collect();
    assert_eq!(names, ["m5.large", "2vcpu-3.5gib", "t3.micro"]);
}

#[test]
fn a_shape_costs_its_parts_exactly() {
    let mut types = table(&[]);
    let id = types.shape(Resources([2500, 1536, 500, 0, 0]));
    // 2.5 · 0.04048 + 1.5 · 0.004445 + 0.5 · 0.69
    assert_eq!(types.get(id).price_per_second, usd_per_hour("0.4528675"));
    assert!(types.get(id).priced_by_shape);
    // Nor is anything lost of the smallest part, 1 MiB for a second.
    let id = types.shape(Resources::new(0, 1));
    assert_eq!(types.get(id).price_per_second.0 * 1024, usd_per_hour("0.004445").0);
}

#[test]
fn a_type_without_a_price_is_never_free() {
    let mut types = table(&["name = \"unit\"\nvcpu = 1\nmemory_gib = 2"]);
    for (name, price) in [("unit", "0.04937"), ("hpc6a.48xlarge", "5.59296")] {
        let id = types.named(name).unwrap();
        assert!(types.get(id).priced_by_shape, "{name}");
        assert_eq!(types.get(id).price_per_second, usd_per_hour(price), "{name}");
    }
}

#[test]
fn what_an_override_leaves_out_stays_the_catalogues() {
    let cheaper = "name = \"m5.large\"\non_demand_usd_per_hour = 0.05";
    let bigger = "name = \"c5.large\"\nmemory_gib = 4.5\nnetwork_gbps = 0";
    let mut types = table(&[cheaper, bigger]);
    let id = types.named("m5.large").unwrap();
    assert_eq!(types.get(id).price_per_second, usd_per_hour("0.05"));
    assert_eq!(types.get(id).request, Resources([2000, 8192, 0, 0, 750]));
    let id = types.named("c5.large").unwrap();
    assert_eq!(types.get(id).price_per_second, usd_per_hour("0.085"));
    assert_eq!(types.get(id).request, Resources([2000, 4608, 0, 0, 0]));
    assert!(!types.get(id).priced_by_shape);
}

#[test]
fn a_new_type_of_zero_cost_was_asked_for() {
    let mut types = table(&["name = \"gift\"\nvcpu = 1\nmemory_gib = 1\non_demand_usd_per_hour = 0"]);
    let id = types.named("gift").unwrap();
    assert_eq!(types.get(id).price_per_second, Money::ZERO);
    assert!(!types.get(id).priced_by_shape);
}

#[test]
fn every_problem_is_told_at_once_with_its_place() {
    let overrides = [
        config("name = \"a\"\nvcpu = -1\nmemory_gib = 0.0001"),
        config("name = \"\"\nvcpu = 1"),
        config("name = \"b\"\nvcpu = 1\nmemory_gib = 1\non_demand_usd_per_hour = 1e7"),
        config("name = \"b\"\nvcpu = 0\nmemory_gib = 0"),
        config("name = \"c\"\nvcpu = 9999999\nmemory_gib = inf"),
    ];
    let price = ShapePrice { usd_per_gib_hour: Decimal::from("-1"), ..ShapePrice::default() };
    let error = TypeTable::new(&overrides, &price).unwrap_err();
    let text = error.to_string();
    let expected = "\
`billing.shape.usd_per_gib_hour`: found -1, which is negative
  help: give 0 to 1000 USD per hour
`instance_types.0.vcpu`: found -1, which is negative
  help: give 0 to 4294967
`instance_types.0.memory_gib`: found 0.0001, which is finer than the smallest unit
  help: give a multiple of 1/1024
`instance_types.1.name`: found an empty name
  help: name the type, such as \"unit\"
`instance_types.1.memory_gib`: `` is a new type and has no `memory_gib`
  help: say how much it has, or use a name of `plimsoll list types`
`instance_types.2.on_demand_usd_per_hour`: found 10000000, which is too large
  help: give 0 to 1000000 USD per hour
`instance_types.3.name`: `b` is already the name of `instance_types.2`
  help: give each type one entry
`instance_types.3.vcpu`: `b` asks for nothing of a host
  help: give it some vCPU or memory
`instance_types.4.vcpu`: found 9999999, which is too large
  help: give 0 to 4294967
`instance_types.4.memory_gib`: found inf, which is not finite
  help: give 0 to 4194303";
    assert_eq!(text, expected);
}

#[test]
fn the_default_price_of_a_gpu_is_the_catalogues_median() {
    let rates = Rates::read(&ShapePrice::default(), &mut Vec::new());
    let mut by_gpu: Vec<i128> = Vec::new();
    for entry in built_in().iter().filter(|entry| entry.gpu_milli > 0) {
        let Some(price) = &entry.on_demand_usd_per_hour else { continue };
        let mut without = entry.request();
        without.0[Resources::GPU] = 0;
        let rest = price.usd_per_hour().unwrap() - rates.of(&without);
        by_gpu.push(rest.0 * 1000 / i128::from(entry.gpu_milli));
    }
    by_gpu.sort_unstable();
    let cents = by_gpu[by_gpu.len() / 2] * 3600 * 100 / Money::UNITS_PER_USD;
    assert_eq!(cents, 69);
}

#[test]
fn limits_are_the_catalogues_unless_overridden_and_shapes_have_none() {
    let more = "name = \"t3.nano\"\nmax_interfaces = 5\nmax_attachments = 0";
    let own = "name = \"unit\"\nvcpu = 1\nmemory_gib = 1\nmax_interfaces = 1\naddresses_per_interface = 9";
    let plain = "name = \"plain\"\nvcpu = 1\nmemory_gib = 1";
    let mut types = table(&[more, own, plain]);
    let mut limits = |name: &str| {
        let id = types.named(name).unwrap();
        let kind = types.get(id);
        (kind.interfaces.map(|limits| (limits.interfaces, limits.addresses_each)), kind.volume_attachments)
    };
    assert_eq!(limits("m5.large"), (Some((3, 10)), Some(27)));
    assert_eq!(limits("t3.nano"), (Some((5, 2)), Some(0)));
    assert_eq!(limits("unit"), (Some((1, 9)), None));
    assert_eq!(limits("plain"), (None, None));
    let shape = types.shape(Resources::new(1000, 1024));
    assert_eq!((types.get(shape).interfaces, types.get(shape).volume_attachments), (None, None));
}

#[test]
fn limits_of_interfaces_come_in_pairs_and_are_not_zero() {
    let overrides = [
        config("name = \"a\"\nvcpu = 1\nmemory_gib = 1\nmax_interfaces = 2"),
        config("name = \"m5.large\"\naddresses_per_interface = 0"),
    ];
    let error = TypeTable::new(&overrides, &ShapePrice::default()).unwrap_err();
    let expected = "\
`instance_types.0.addresses_per_interface`: `a` has `max_interfaces` and no `addresses_per_interface`
  help: give both, or leave out both for no limit
`instance_types.1.addresses_per_interface`: found 0, expected at least 1
  help: every instance has the first";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn shapes_are_named_exactly() {
    for (request, name) in [
        (Resources::new(2000, 3584), "2vcpu-3.5gib"),
        (Resources::new(125, 1), "0.125vcpu-0.0009765625gib"),
        (Resources([1001, 1024, 250, 2048, 300]), "1.001vcpu-1gib-0.25gpu-2gib-disk-300mbps"),
    ] {
        assert_eq!(shape_name(&request.into()), name);
    }
}

#[test]
fn a_shape_is_known_by_its_nodes_and_gpu_models_too() {
    let mut table = TypeTable::new(&[], &ShapePrice::default()).unwrap();
    let plain = BareShape::from(Resources::new(2000, 4096));
    let split = BareShape { numa: Some(NumaNodes::Two), ..plain.clone() };
    let picky = BareShape { gpu_models: vec!["P100".to_string(), "T4".to_string()], ..plain.clone() };
    let ids = [&plain, &split, &picky, &plain].map(|shape| table.shape(shape.clone()));
    assert_eq!(ids, [TypeId(0), TypeId(1), TypeId(2), TypeId(0)]);
    let names: Vec<&str> = table.iter().map(|(_, kind)| kind.name.as_str()).collect();
    assert_eq!(names, ["2vcpu-4gib", "2vcpu-4gib-2nodes", "2vcpu-4gib-P100|T4"]);
    assert_eq!(table.get(ids[1]).price_per_second, table.get(ids[0]).price_per_second);
}

#[test]
fn the_nodes_and_gpu_models_of_a_type_are_read() {
    let text = "name = 'unit'\nvcpu = 2\nmemory_gib = 4\nnuma = 2\ngpu_models = ['T4', 'P100', 'T4']";
    let config: InstanceTypeConfig = toml::from_str(text).unwrap();
    let mut table = TypeTable::new(std::slice::from_ref(&config), &ShapePrice::default()).unwrap();
    let id = table.named("unit").unwrap();
    assert_eq!(table.get(id).numa, Some(NumaNodes::Two));
    assert_eq!(table.get(id).gpu_models, ["P100", "T4"]);
    let wrong = InstanceTypeConfig { numa: Some(3), ..config };
    let told = TypeTable::new(&[wrong], &ShapePrice::default()).unwrap_err().to_string();
    assert!(told.contains("`instance_types.0.numa`: found 3, expected 1 or 2"), "{told}");
}
