// Segments every TIFF in images/, and makes one table of all objects:
//     nextflow run main.nf -with-docker
// An image that cannot be segmented (exit code 2) is left out. Any other failure is tried twice more, with
// more memory each time, as most jobs that are killed (137) were killed for want of it.
params.images = "images/*.tif"
params.how = "--as objects --smallest 20um2 --seed 0"

process SEGMENT {
    container "napari-selfseg:0.1.0"
    // or, without containers: conda "napari-selfseg=0.1.0"
    tag "${name}"
    cpus 1
    memory { 4.GB * task.attempt }
    // What fails for the third time ends the workflow, but not the jobs that are at work.
    errorStrategy { task.exitStatus == 2 ? "ignore" : task.attempt <= 2 ? "retry" : "finish" }
    maxRetries 2
    publishDir "results", mode: "copy"

    input:
    tuple val(name), path(image)

    output:
    path "${name}.labels.tif", emit: labels
    path "${name}.csv", emit: objects

    script:
    """
    export NUMBA_CACHE_DIR="\$PWD/.numba"
    napari-selfseg segment ${image} -o "${name}.labels.tif" \\
        --objects objects.csv --threads ${task.cpus} ${params.how}
    # Rows of one table of all images say which they are of.
    sed -e '1 s/^/image,/' -e '2,\$ s/^/"${name}",/' objects.csv > "${name}.csv"
    """
}

workflow {
    SEGMENT(channel.fromPath(params.images).map { image -> tuple(image.baseName, image) })
    SEGMENT.out.objects.collectFile(name: "objects.csv", storeDir: "results", keepHeader: true)
}
